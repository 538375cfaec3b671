/** The daemon's configuration: the file, then the flags, which win. */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { parse } from 'smol-toml';
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { isJournal, LOG_FORMATS, LOG_LEVELS, type LogFormat } from './log.ts';
import { parseProxy, proxyOfEnvironment, type Proxy } from '../peer/proxy.ts';

export interface Config {
  readonly hostName: string;
  readonly stateDir: string;
  readonly runDir: string;
  /** Where replicas are kept when an authorization entry names no place. */
  readonly storage: string;
  readonly portOffset: number;
  /** Address of the page, /api and /metrics; every address of the host when it is 0.0.0.0. */
  readonly apiAddress: string;
  /** Where people reach the page, when a proxy stands before it: other hosts' pages link to it. */
  readonly pageUrl: string | null;
  readonly peerAddress: string;
  /** With portOffset. */
  readonly peerPort: number;
  /** Address of WS-Management and CIM-XML over TLS. */
  readonly wbemAddress: string;
  /** Address of the same without TLS; loopback unless somebody decides otherwise. */
  readonly wbemPlainAddress: string;
  /** Files in PEM for WBEM over TLS; null for the certificate that the peers know. */
  readonly wbemCertificate: string | null;
  readonly wbemKey: string | null;
  /** Hosts, besides the one that subscribes, that events may be pushed to. */
  readonly wbemEventHosts: readonly string[];
  /** The way to other hosts; null for plain connections. */
  readonly proxy: Proxy | null;
  /** Program that mail is given to. */
  readonly sendmail: string;
  readonly logLevel: string;
  readonly logFormat: LogFormat;
  /** Breaks one thing on purpose, so that a demonstration or test can fail. */
  readonly sabotage: Sabotage | null;
  /** The program says which guests run here, by their processes, and ends. */
  readonly listsGuests: boolean;
}

export const SABOTAGES = ['bitflip', 'drop-extent', 'skip-return-set'] as const;
export type Sabotage = (typeof SABOTAGES)[number];

export const API_PORT = 7480;
export const PEER_PORT = 7443;
export const WBEM_PORTS = { wsman: 5985, wsmanTls: 5986, cimxml: 5988, cimxmlTls: 5989 } as const;

export const DEFAULTS = {
  config: '/etc/understudy/understudy.toml',
  stateDir: '/var/lib/understudy',
  runDir: '/run/understudy',
  apiAddress: '127.0.0.1',
  peerAddress: '0.0.0.0',
  wbemAddress: '0.0.0.0',
  wbemPlainAddress: '127.0.0.1',
  sendmail: '/usr/sbin/sendmail',
  logLevel: 'info',
};

/** Keys of the configuration file. */
export const FILE_KEYS = ['hostName', 'stateDir', 'runDir', 'storage', 'portOffset', 'apiAddress', 'pageUrl', 'peerAddress', 'peerPort', 'wbemAddress', 'wbemPlainAddress', 'wbemCertificate', 'wbemKey', 'wbemEventHosts', 'proxy', 'proxyExcept', 'sendmail', 'logLevel', 'logFormat'] as const;
type FileConfig = Partial<Record<(typeof FILE_KEYS)[number], string | number>>;

/** The program `understudyd`, for its flags and its help. */
export function daemonCommand(version: string): Command {
  return new Command('understudyd')
    .version(version)
    .showHelpAfterError('Try: understudyd --help')
    .description('Keeps replicas of virtual machines. Runs until it is told to end; guests run on.')
    .option('--config <file>', 'configuration file', DEFAULTS.config)
    .option('--state-dir <dir>', 'durable state')
    .option('--run-dir <dir>', 'sockets')
    .option('--host-name <name>', 'name of this host for its peers')
    .option('--port-offset <n>', 'added to every port, for a second daemon on a machine')
    .option('--storage <dir>', 'where replicas are kept')
    .option('--api-address <ip>', 'address of the page and the API')
    .option('--page-url <url>', 'where people reach the page, when a proxy stands before it')
    .option('--peer-address <ip>', 'address that peers connect to')
    .option('--peer-port <n>', 'port that peers connect to; 7443 with the offset when absent')
    .option('--wbem-address <ip>', 'address of WS-Management and CIM-XML over TLS')
    .option('--wbem-plain-address <ip>', 'address of the same without TLS')
    .option('--wbem-certificate <file>', 'certificate for WBEM over TLS; this host\'s own when absent')
    .option('--wbem-key <file>', 'key of that certificate')
    .option('--wbem-event-hosts <list>', 'hosts that events may be pushed to, separated by commas')
    .option('--proxy <url>', 'HTTP proxy on the way to other hosts, for example http://user:password@proxy:3128 (better in the file), or none; HTTPS_PROXY when absent')
    .option('--proxy-except <list>', 'hosts that are reached past it, separated by commas; with HTTPS_PROXY: NO_PROXY')
    .option('--sendmail <program>', 'program that mail is given to')
    .option('--log-level <level>', LOG_LEVELS.join(', '))
    .option('--log-format <format>', 'text, json or journal; journal where systemd\'s journal reads it, text elsewhere')
    .option('--list-guests', 'print the names of the machines whose guests run on this host, and end; the daemon may be down')
    .addOption(new Option('--sabotage <what>', 'break one thing on purpose').choices([...SABOTAGES]).hideHelp());
}

/** Throws what commander throws for flags that there are not, and for help and version; fault settings-invalid. */
export function readConfig(argv: readonly string[], version: string, environment: NodeJS.ProcessEnv = process.env): Config {
  const command = daemonCommand(version).exitOverride().showHelpAfterError('Try: understudyd --help');
  command.parse([...argv], { from: 'user' });
  const flags = command.opts<{ config: string; sabotage?: Sabotage; listGuests?: boolean } & FileConfig>();
  const file = readFile(flags.config, argv.includes('--config'));
  const stateDir = String(flags.stateDir ?? file.stateDir ?? DEFAULTS.stateDir);
  const portOffset = Number(flags.portOffset ?? file.portOffset ?? 0);
  if (!Number.isInteger(portOffset) || portOffset < 0 || portOffset > 50_000) throw new Fault('settings-invalid', say('portOffset cannot be {portOffset}: allowed is a whole number from 0 to 50,000', { portOffset: String(flags.portOffset ?? file.portOffset) }));
  return {
    stateDir,
    portOffset,
    runDir: String(flags.runDir ?? file.runDir ?? DEFAULTS.runDir),
    hostName: String(flags.hostName ?? file.hostName ?? hostname()),
    storage: String(flags.storage ?? file.storage ?? join(stateDir, 'replicas')),
    apiAddress: String(flags.apiAddress ?? file.apiAddress ?? DEFAULTS.apiAddress),
    pageUrl: pageUrlOf(flags.pageUrl ?? file.pageUrl),
    peerAddress: String(flags.peerAddress ?? file.peerAddress ?? DEFAULTS.peerAddress),
    peerPort: peerPortOf(flags.peerPort ?? file.peerPort, portOffset),
    ...wbemConfig(flags, file),
    proxy: proxyOf({ ...file, ...flags }, environment),
    sendmail: String(flags.sendmail ?? file.sendmail ?? DEFAULTS.sendmail),
    logLevel: oneOf('logLevel', LOG_LEVELS, flags.logLevel ?? file.logLevel ?? DEFAULTS.logLevel),
    logFormat: oneOf('logFormat', LOG_FORMATS, flags.logFormat ?? file.logFormat ?? (isJournal(1, environment) ? 'journal' : 'text')),
    sabotage: flags.sabotage ?? null,
    listsGuests: flags.listGuests ?? false,
  };
}

function pageUrlOf(given: string | number | undefined): string | null {
  if (given === undefined || given === '') return null;
  const url = URL.parse(String(given));
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw new Fault('settings-invalid', say('pageUrl cannot be {given}: allowed is an address like https://understudy.example.com/', { given: JSON.stringify(given) }));
  return url.href;
}

function oneOf<T extends string>(key: string, allowed: readonly T[], given: string | number): T {
  const found = allowed.find((each) => each === given);
  if (found === undefined) throw new Fault('settings-invalid', say('{name} cannot be {value}: allowed is {allowed}', { name: key, value: String(given), allowed: { list: allowed } }));
  return found;
}

function peerPortOf(given: string | number | undefined, portOffset: number): number {
  const port = given === undefined ? PEER_PORT + portOffset : Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Fault('settings-invalid', say('peerPort cannot be {given}: allowed is a whole number from 1 to 65,535', { given: String(given) }));
  return port;
}

/** What is set here comes before the environment, which says nothing of this machine's own addresses. */
function proxyOf({ proxy, proxyExcept }: FileConfig, environment: NodeJS.ProcessEnv): Proxy | null {
  if (proxy === undefined || proxy === '') return proxyOfEnvironment(environment);
  return proxy === 'none' ? null : parseProxy(String(proxy), { except: String(proxyExcept ?? '') });
}

function wbemConfig(flags: FileConfig, file: FileConfig): Pick<Config, 'wbemAddress' | 'wbemPlainAddress' | 'wbemCertificate' | 'wbemKey' | 'wbemEventHosts'> {
  const given = (key: (typeof FILE_KEYS)[number]): string | null => {
    const value = flags[key] ?? file[key];
    return value === undefined || value === '' ? null : String(value);
  };
  const [wbemCertificate, wbemKey] = [given('wbemCertificate'), given('wbemKey')];
  if ((wbemCertificate === null) !== (wbemKey === null)) throw new Fault('settings-invalid', say('wbemCertificate and wbemKey are given together or not at all'));
  return {
    wbemAddress: given('wbemAddress') ?? DEFAULTS.wbemAddress,
    wbemPlainAddress: given('wbemPlainAddress') ?? DEFAULTS.wbemPlainAddress,
    wbemCertificate,
    wbemKey,
    wbemEventHosts: (given('wbemEventHosts') ?? '').split(',').map((host) => host.trim().toLowerCase()).filter((host) => host !== ''),
  };
}

function readFile(path: string, isNamed: boolean): FileConfig {
  if (!existsSync(path)) {
    if (isNamed) throw new Fault('settings-invalid', say('there is no configuration file {path}', { path }));
    return {};
  }
  const found = tomlOf(path);
  const unknown = Object.keys(found).filter((key) => !(FILE_KEYS as readonly string[]).includes(key));
  if (unknown.length > 0) throw new Fault('settings-invalid', say('{path}: unknown {unknown}; allowed are {known}', { path, unknown: { list: unknown }, known: { list: FILE_KEYS } }));
  return found;
}

function tomlOf(path: string): FileConfig {
  try {
    return parse(readFileSync(path, 'utf8')) as FileConfig;
  } catch (cause) {
    throw new Fault('settings-invalid', `${path}: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
}
