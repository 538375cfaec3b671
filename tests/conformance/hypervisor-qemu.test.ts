import { hypervisorConformance } from './hypervisor.ts';
import { QemuBench } from './qemubench.ts';

hypervisorConformance('QEMU', () => Promise.resolve(new QemuBench()));
