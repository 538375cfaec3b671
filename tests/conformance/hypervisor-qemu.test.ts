import { hypervisorConformance } from './hypervisor.ts';
import { layeringConformance } from './layering.ts';
import { pointsInTimeConformance } from './pointsintime.ts';
import { QemuBench } from './qemubench.ts';

hypervisorConformance('QEMU', () => Promise.resolve(new QemuBench()));
pointsInTimeConformance('QEMU', () => Promise.resolve(new QemuBench()));
layeringConformance('QEMU', () => Promise.resolve(new QemuBench()));
