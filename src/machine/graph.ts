/**
 * Block graphs of disks, for QEMU, the storage daemon and qemu-img alike. Every node is spelled out, down to
 * `"backing": null` at the bottom: what a file's header says of its backing or data file is never followed.
 * Source: QEMU QAPI schema, BlockdevOptions.
 */
import { assert } from '../errors/bug.ts';
import type { DiskStack, Layer } from './definition.ts';

export interface BlockNode {
  readonly [option: string]: null | boolean | number | string | BlockNode;
}

export interface GraphOptions {
  /**
   * Names the top node; those below are then `<name>.b<n>`, n counting from 0 at the bottom, and the protocol nodes
   * `<name>.f<n>` (the qcow2 file) and `<name>.d<n>` (its data file). Without it QEMU makes names up.
   */
  readonly nodeName?: string;
  /** Names every layer's node after the layer, wherever it lies; its protocol nodes are then `<name>.f` and `<name>.d`. */
  readonly nameOf?: (layer: Layer) => string;
  /** The top layer can be written. Lower layers never can, except with `allWritable`. */
  readonly writable: boolean;
  /** For merging: the lower layers are written too. */
  readonly allWritable?: boolean;
  /** Opens also what another process writes; for readers that can live with that. Not with `writable`. */
  readonly forceShare?: boolean;
  /** Options of every node that opens a file or device, for example `{ discard: 'unmap' }` or `{ cache: { direct: true } }`. */
  readonly fileOptions?: BlockNode;
}

const MAX_NODE_NAME = 31;

function named(name: string | undefined): BlockNode {
  if (name === undefined) return {};
  assert(name.length <= MAX_NODE_NAME && /^[A-Za-z][A-Za-z0-9._-]*$/.test(name), `node name ${name}`);
  return { 'node-name': name };
}

/** Below /dev, but not in the shared memory that is mounted there. */
const isDevice = (path: string): boolean => path.startsWith('/dev/') && !path.startsWith('/dev/shm/');

/** The protocol node of a regular file or of a block device. */
function fileNode(path: string, name: string | undefined, options: GraphOptions): BlockNode {
  assert(path.startsWith('/'), `path ${path} is not absolute`);
  return { driver: isDevice(path) ? 'host_device' : 'file', ...named(name), filename: path, ...options.fileOptions };
}

interface Place {
  readonly index: number;
  readonly isTop: boolean;
  readonly backing: BlockNode | null;
}

function layerNode(layer: Layer, { index, isTop, backing }: Place, options: GraphOptions): BlockNode {
  const own = options.nameOf?.(layer);
  const below = (kind: 'b' | 'f' | 'd') => (own ? `${own}.${kind}` : options.nodeName && `${options.nodeName}.${kind}${index}`);
  const name = own ?? (isTop ? options.nodeName : below('b'));
  const isWritable = !layer.readOnly && options.writable && (isTop || options.allWritable === true);
  const access: BlockNode = { 'read-only': !isWritable, ...(options.forceShare && { 'force-share': true }) };
  const file = fileNode(layer.path, below('f'), options);
  if (layer.format === 'raw') {
    assert(backing === null, `raw layer ${layer.path} is not at the bottom`);
    return { driver: 'raw', ...named(name), ...access, file };
  }
  const dataFile = layer.dataFilePath === undefined ? {} : { 'data-file': fileNode(layer.dataFilePath, below('d'), options) };
  return { driver: 'qcow2', ...named(name), ...access, file, ...dataFile, backing };
}

/** The graph of a disk's layers, bottom first, as the node of its top. */
export function layersGraph(layers: readonly Layer[], options: GraphOptions): BlockNode {
  assert(layers.length > 0, 'a disk without layers');
  assert(!(options.forceShare && options.writable), 'force-share is for readers');
  let graph: BlockNode | null = null;
  for (const [index, layer] of layers.entries()) {
    graph = layerNode(layer, { index, isTop: index === layers.length - 1, backing: graph }, options);
  }
  return graph!;
}

export const stackGraph = (stack: DiskStack, options: GraphOptions): BlockNode => layersGraph(stack.layers, options);

/** The graph as a file name that qemu-img takes. */
export const graphFileName = (graph: BlockNode): string => `json:${JSON.stringify(graph)}`;
