/**
 * Where on the page that is done which a text of the host names as a command. The host's texts are the same for everybody who
 * reads them, on the page, on the command line, in a mail; so the command stays, and the page says the place beside it. Pure.
 */

export interface Place {
  readonly path: string;
  /** English; shown through `t`, as in the navigation. */
  readonly title: string;
}

/** By the command's first words. What is not here is not done on the page. */
const PLACES: Readonly<Record<string, Place>> = {
  host: { path: '/hosts', title: 'Hosts' },
  server: { path: '/server', title: 'Replica server' },
  authorization: { path: '/server', title: 'Replica server' },
  traffic: { path: '/limits', title: 'Limits' },
  'health set': { path: '/limits', title: 'Limits' },
  notify: { path: '/notifications', title: 'Notifications' },
  doctor: { path: '/doctor', title: 'Doctor' },
  jobs: { path: '/jobs', title: 'Jobs' },
  events: { path: '/events', title: 'Events' },
  user: { path: '/users', title: 'Users' },
  audit: { path: '/users', title: 'Users' },
  'vm list': { path: '/', title: 'Overview' },
  status: { path: '/', title: 'Overview' },
  'vm define': { path: '/define', title: 'Define a machine' },
};

/** Done on the command line only. */
const NOWHERE: readonly string[] = ['report', 'backup-state', 'restore-state', 'completion', 'version', 'help', 'sign-in', 'sign-out'];

const COMMAND = /\bunderstudy ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/g;

/** Commands that the text names: their first word, and both where there are two. */
const commandsIn = (text: string): readonly string[][] => [...text.matchAll(COMMAND)].map(([, first, second]) => [...(second === undefined ? [] : [`${first} ${second}`]), first!]);

const distinct = <T, K>(all: readonly T[], keyOf: (each: T) => K): T[] => [...new Map(all.map((each) => [keyOf(each), each])).values()];

/** Pages on which that is done what the text says, each once. */
export const placesIn = (text: string): readonly Place[] => distinct(commandsIn(text).flatMap((names) => names.map((name) => PLACES[name]).find((place) => place !== undefined) ?? []), ({ path }) => path);

/** Whether the text names a command that is about one machine: what is done on its page. */
export const isAboutMachine = (text: string): boolean => commandsIn(text).some((names) => names.every((name) => PLACES[name] === undefined) && !NOWHERE.includes(names.at(-1)!));

/** Those of the operations that the text names. */
export const operationsIn = <T extends { readonly command: string }>(text: string, operations: readonly T[]): readonly T[] =>
  distinct(commandsIn(text).flatMap((names) => names.map((name) => operations.find(({ command }) => command === name)).find((operation) => operation !== undefined) ?? []), ({ command }) => command);
