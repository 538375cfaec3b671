/** Identify: what answers here. Source: DSP0226 §11; MS-WSMV 3.1.4.9. */
import { childNamed } from '../xml/read.ts';
import { element, text, type Markup } from '../xml/write.ts';
import { NS } from './namespaces.ts';
import type { Envelope } from './envelope.ts';

export interface Product {
  readonly vendor: string;
  readonly version: string;
}

export type SecurityProfile = 'http/basic' | 'https/basic' | 'https/mutual';

export const isIdentify = ({ body }: Envelope): boolean => childNamed(body, 'Identify', NS.identity) !== undefined;

/** A stranger is not told how to sign in: `profiles` is null then. The envelope has an empty header. */
export function identifyEnvelope({ vendor, version }: Product, profiles: readonly SecurityProfile[] | null): Markup {
  const named = (name: string, value: string): Markup => element(`wsmid:${name}`, {}, text(value));
  const parts = [
    named('ProtocolVersion', NS.wsman),
    named('ProductVendor', vendor),
    named('ProductVersion', `OS: 0.0.0 SP: 0.0 Stack: 3.0 (${version})`),
  ];
  if (profiles) parts.push(element('wsmid:SecurityProfiles', {}, profiles.map((profile) => named('SecurityProfileName', `http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/${profile}`))));
  const body = element('wsmid:IdentifyResponse', { 'xmlns:wsmid': NS.identity }, parts);
  return element('s:Envelope', { 'xml:lang': 'en-US', 'xmlns:s': NS.soap }, [element('s:Header'), element('s:Body', {}, body)]);
}
