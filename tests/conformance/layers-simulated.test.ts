import { Files } from '../../src/simulation/files.ts';
import { SimulatedLayers } from '../../src/simulation/layers.ts';
import { layerStoreConformance } from './layers.ts';

layerStoreConformance('simulated files', () =>
  Promise.resolve({ store: new SimulatedLayers(new Files(), { between: () => Promise.resolve() }), storage: '/replicas', dispose: () => Promise.resolve() }),
);
