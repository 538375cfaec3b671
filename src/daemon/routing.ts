/**
 * Each relationship goes by its own route: past the proxy where its settings say so, through it otherwise. What is about no
 * relationship takes the connection that there is.
 */
import type { Peers, Wire } from '../engine/ports/peers.ts';
import type { State } from '../engine/ports/state.ts';
import type { Relationship } from '../machine/records.ts';
import type { PeerNetwork } from '../peer/peer.ts';
import type { Route } from '../peer/proxy.ts';
import { bypassesProxy, type Settings } from '../relationship/settings.ts';

type Known = Pick<State, 'relationship' | 'relationships'>;

/** What a call tells of the relationship that it is about, or will be. */
interface About {
  readonly relationshipId?: string;
  readonly machineId?: string;
  readonly settings?: Settings;
  readonly bypassProxy?: boolean;
}

const routeFor = (bypasses: boolean): Route => (bypasses ? 'direct' : 'proxy');

export function routed(network: PeerNetwork, state: Known): Peers {
  return {
    call: (hostId, method, params, signal) => network.call(hostId, method, params, signal, routeOf(state, hostId, aboutOf(params))),
    acceptLane: (hostId, token, signal) => network.acceptLane(hostId, token, signal),
    dialLane: (hostId, token, handler, signal, about = {}) => {
      const route = routeOf(state, hostId, about);
      return network.dialLane(hostId, token, handler, signal, { ...about, ...(route && { route }) });
    },
  };
}

/** To a host all of whose relationships go past the proxy, so does what is about none of them. */
export function routeTo(state: Known, hostId: string): Route {
  const relationships = state.relationships().filter(({ peerId }) => peerId === hostId);
  return routeFor(relationships.length > 0 && relationships.every(({ settings }) => bypassesProxy(settings)));
}

const aboutOf = (params: Wire): About => (typeof params === 'object' && params !== null && !Array.isArray(params) && !(params instanceof Uint8Array) ? (params as unknown as About) : {});

function routeOf(state: Known, hostId: string, about: About): Route | undefined {
  // Settings that are being given count already: it may be by them that the other host is reached at all.
  const settings = about.settings ?? relationshipOf(state, hostId, about)?.settings;
  if (settings) return routeFor(bypassesProxy(settings));
  return about.bypassProxy === undefined ? undefined : routeFor(about.bypassProxy);
}

function relationshipOf(state: Known, hostId: string, { relationshipId, machineId }: About): Relationship | undefined {
  if (relationshipId !== undefined) return state.relationship(relationshipId);
  return machineId === undefined ? undefined : state.relationships().find((each) => each.machineId === machineId && each.peerId === hostId);
}
