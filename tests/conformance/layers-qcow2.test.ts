import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Qcow2Layers } from '../../src/layers/layers.ts';
import { layerStoreConformance } from './layers.ts';

layerStoreConformance('qcow2 files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'us-lay-'));
  const store = await Qcow2Layers.start(join(directory, 'run'));
  const dispose = async () => {
    await store.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { store, storage: join(directory, 'storage'), dispose };
});
