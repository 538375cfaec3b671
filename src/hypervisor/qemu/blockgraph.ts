/** Which node stands on which in a running QEMU, as QEMU itself says. Source: QEMU QAPI schema, XDbgBlockGraph. */
import type { Qmp } from '../../qmp/qmp.ts';
import { layerPrefix, topNode } from './nodes.ts';

interface Graph {
  readonly nodes: readonly { readonly id: number; readonly name: string }[];
  readonly edges: readonly { readonly parent: number; readonly child: number; readonly name: string }[];
}

/** What leads from the guest's device down to the bottom; a filter's one child is its file. */
const DOWN = ['backing', 'file'];

/** Names of the disk's layers' nodes, active one first, as the guest reads them now. */
export async function layerNodesOf(qmp: Qmp, disk: string): Promise<readonly string[]> {
  const { nodes, edges } = await qmp.execute<Graph>('x-debug-query-block-graph');
  const below = (id: number) => DOWN.flatMap((name) => edges.filter((edge) => edge.parent === id && edge.name === name))[0]?.child;
  const names: string[] = [];
  for (let id = nodes.find(({ name }) => name === topNode(disk))?.id; id !== undefined; id = below(id)) names.push(nodes.find((node) => node.id === id)!.name);
  return names.filter((name) => name.startsWith(layerPrefix(disk)) && !name.endsWith('.f') && !name.endsWith('.d'));
}
