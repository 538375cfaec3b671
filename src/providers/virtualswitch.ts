/** Msvm_VirtualEthernetSwitch: a bridge of the host that machines are connected to. Clients read its Name as a UUID. */
import { OPERATES } from './computersystem.ts';
import type { Values } from './emission.ts';
import { guidOf, pathOf } from './objectpaths.ts';
import type { Scope } from './scope.ts';

/** Source: draft-eastlake-fnv, FNV-1a of 128 bits. */
const OFFSET_BASIS = 0x6c62272e07bb014262b821756295c58dn;
const PRIME = 0x1000000000000000000013bn;
const ENABLED = 2;

/** The same for as long as the host and the bridge keep their names. Source: RFC 9562, version 8. */
function idOf(hostId: string, bridge: string): string {
  const hash = [...`${hostId}/${bridge}`].reduce((sum, character) => BigInt.asUintN(128, (sum ^ BigInt(character.codePointAt(0)!)) * PRIME), OFFSET_BASIS);
  const digits = hash.toString(16).padStart(32, '0');
  return [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, `8${digits.slice(17, 20)}`, digits.slice(20)].join('-');
}

export const switchPath = (hostId: string, bridge: string) =>
  pathOf('Msvm_VirtualEthernetSwitch', { CreationClassName: 'Msvm_VirtualEthernetSwitch', Name: guidOf(idOf(hostId, bridge)) });

export function switches({ families, host }: Scope): readonly Values[] {
  const bridges = families.flatMap(({ snapshot }) => snapshot.machine.definition.nics.flatMap(({ bridge }) => bridge ?? []));
  return [...new Set(bridges)].sort().map((bridge) => ({
    ...OPERATES,
    Caption: 'Virtual Switch',
    Description: 'Microsoft Virtual Switch',
    ElementName: bridge,
    CreationClassName: 'Msvm_VirtualEthernetSwitch',
    Name: guidOf(idOf(host.self.id, bridge)),
    EnabledState: ENABLED,
  }));
}
