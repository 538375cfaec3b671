/**
 * The manifest of a first copy on media: what it is a copy of and how everything there can be checked. Its seal is made with
 * the relationship's key, which is not on the media, as are the fingerprints in the journal: nobody else can make either.
 */
import { Fault } from '../../errors/fault.ts';
import { sealedBy } from '../../fingerprints/fingerprint.ts';
import { say } from '../../language/text.ts';
import type { Attachment, MachineDefinition } from '../../machine/definition.ts';

const FORMAT = 1;
export const KIND = 'understudy first copy';

export interface MediaDisk {
  readonly disk: string;
  readonly sizeBytes: number;
  /** Length of its file. */
  readonly fileBytes: number;
}

export interface Manifest {
  readonly machineId: string;
  readonly machine: string;
  readonly relationshipId: string;
  readonly primary: string;
  readonly epochId: string;
  readonly pointId: string;
  readonly sequence: number;
  readonly instantMs: number;
  readonly exportedMs: number;
  readonly definition: MachineDefinition;
  readonly attachments: readonly { readonly name: string; readonly base64: string }[];
  readonly disks: readonly MediaDisk[];
  /** Of the journal: a fingerprint for each cluster. */
  readonly digest: string;
  readonly dataClusters: number;
  readonly zeroClusters: number;
}

export const packed = (attachments: readonly Attachment[]): Manifest['attachments'] => attachments.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }));
export const unpacked = ({ attachments }: Manifest): Attachment[] => attachments.map(({ name, base64 }) => ({ name, bytes: Buffer.from(base64, 'base64') }));

/** The manifest's text. */
export function encodeManifest(manifest: Manifest, key: Buffer): string {
  const body = { kind: KIND, format: FORMAT, ...manifest };
  return `${JSON.stringify({ ...body, seal: sealedBy(key, JSON.stringify(body)) }, null, 2)}\n`;
}

/** What a text that claims to be a manifest says, before anything of it is believed. Fault media-damaged, media-unfit. */
export function readManifest(text: string, path: string): Manifest & { isSealedBy(key: Buffer): boolean } {
  const parsed = parsedJson(text);
  if (typeof parsed !== 'object' || parsed === null || parsed['kind'] !== KIND) throw new Fault('media-damaged', say('the manifest in {path} cannot be read', { path }));
  if (parsed['format'] !== FORMAT) throw new Fault('media-unfit', say('the export in {path} has format {parsed}; this version reads format {known}', { path, parsed: String(parsed['format']), known: FORMAT }));
  const { seal, ...body } = parsed;
  return { ...(body as unknown as Manifest), isSealedBy: (key) => seal === sealedBy(key, JSON.stringify(body)) };
}

function parsedJson(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}
