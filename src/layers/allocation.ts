/** Which clusters a layer itself holds, whatever lies below: read from its own map, a line at a time. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Fault } from '../errors/fault.ts';
import { ClusterSet } from '../extents/clusterset.ts';
import { clusterCount, clustersTouched } from '../extents/extent.ts';
import type { Layer } from '../machine/definition.ts';
import { graphFileName, layersGraph } from '../machine/graph.ts';
import { diskFaultCode } from './qemuimg.ts';

interface MapLine {
  readonly start: number;
  readonly length: number;
  /** True for zero clusters too. */
  readonly present: boolean;
}

/** The layer must not be open for writing: an open image's tables are partly in memory. */
export async function allocatedClusters(layer: Layer, sizeBytes: number): Promise<ClusterSet> {
  const set = new ClusterSet(clusterCount(sizeBytes));
  const graph = graphFileName(layersGraph([layer], { writable: false }));
  const child = spawn('qemu-img', ['map', '--output=json', graph], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
  let complaint = '';
  child.stderr.on('data', (bytes: Buffer) => {
    if (complaint.length < 2_000) complaint += bytes.toString();
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const extent = extentOf(line);
    if (!extent?.present) continue;
    const { first, count } = clustersTouched({ offsetBytes: extent.start, lengthBytes: extent.length });
    set.addRun(first, count);
  }
  if ((await ended) !== 0) throw new Fault(diskFaultCode(complaint), `${layer.path}: ${complaint.trim()}`);
  return set;
}

function extentOf(line: string): MapLine | undefined {
  const text = line.replace(/^\[/, '').replace(/[,\]]\s*$/, '').trim();
  return text === '' ? undefined : JSON.parse(text.endsWith('}') ? text : `${text}}`);
}
