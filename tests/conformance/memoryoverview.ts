/** The overview of a host in memory that is paired with nobody who answers. */
import type { HostView, MachineView, OverviewView } from '../../src/service/views.ts';

export const overviewOf = ({ id, name }: HostView, machines: readonly MachineView[], atMs: number): OverviewView => ({
  atMs,
  hosts: [{ id, name, self: true, connected: true, asOfMs: atMs, isCurrent: true, failure: null, version: '0.1.0', pageUrl: null, omitted: 0 }],
  machines: machines.map((machine) => ({ id: machine.id, name: machine.name, isProtected: false, sides: [{ hostId: id, host: name, isCurrent: true, role: machine.role, power: machine.power, relationships: [] }] })),
});
