/** Every page that there is: its address, its name, and where its code is; that is loaded when it is first shown. */
import type { Component } from 'svelte';
import { matched, place, type Parameters } from './router.svelte.ts';

export interface Route {
  /** With :parameters; the page reads them with `parametersHere`. */
  readonly path: string;
  /** English; shown through `t`. */
  readonly title: string;
  readonly isInNavigation: boolean;
  readonly load: () => Promise<{ readonly default: Component }>;
}

export const ROUTES: readonly Route[] = [
  { path: '/', title: 'Overview', isInNavigation: true, load: () => import('./overview/Overview.svelte') },
  { path: '/machines/:machine', title: 'Machine', isInNavigation: false, load: () => import('./machine/Machine.svelte') },
  { path: '/hosts', title: 'Hosts', isInNavigation: true, load: () => import('./hosts/Hosts.svelte') },
  { path: '/server', title: 'Replica server', isInNavigation: true, load: () => import('./server/Server.svelte') },
  { path: '/limits', title: 'Limits', isInNavigation: true, load: () => import('./limits/Limits.svelte') },
  { path: '/notifications', title: 'Notifications', isInNavigation: true, load: () => import('./notifications/Notifications.svelte') },
  { path: '/doctor', title: 'Doctor', isInNavigation: true, load: () => import('./doctor/Doctor.svelte') },
  { path: '/jobs', title: 'Jobs', isInNavigation: true, load: () => import('./jobs/Jobs.svelte') },
  { path: '/events', title: 'Events', isInNavigation: true, load: () => import('./events/Events.svelte') },
  { path: '/users', title: 'Users', isInNavigation: true, load: () => import('./users/Users.svelte') },
  { path: '/define', title: 'Define a machine', isInNavigation: false, load: () => import('./define/Define.svelte') },
];

export function routeOf(path: string): { readonly route: Route; readonly parameters: Parameters } | undefined {
  for (const route of ROUTES) {
    const parameters = matched(route.path, path);
    if (parameters) return { route, parameters };
  }
  return undefined;
}

/** Of the address. A page is made anew for every path, so it reads them once. */
export const parametersHere = (): Parameters => routeOf(place.path)?.parameters ?? {};
