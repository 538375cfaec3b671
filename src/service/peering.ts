/** How this host is met by others: the certificate that they are shown, and the port. Those that know it follow by themselves. */
import { Fault, faultOf } from '../errors/fault.ts';
import { Refused, refuse } from '../errors/refusal.ts';
import type { Announcement, Context, HostCertificate } from './context.ts';
import { say } from '../language/text.ts';

export const OWN_CERTIFICATE = 'own';
const bare = (thumbprint: string): string => thumbprint.replace(/[^0-9a-z]/gi, '').toUpperCase();

/** By its thumbprint (SHA-1) or the SHA-256 of it, however written; or "own". */
export async function certificateCalled({ network }: Context, thumbprint: string): Promise<HostCertificate> {
  const certificates = await network.certificates.list();
  const found = certificates.find((each) => (each.isOwn && thumbprint === OWN_CERTIFICATE) || [bare(each.thumbprint), bare(each.fingerprint)].includes(bare(thumbprint)));
  if (found) return found;
  const all = certificates.map((each) => `${each.thumbprint} (${each.isOwn ? OWN_CERTIFICATE : each.subject.replaceAll('\n', ', ')})`).join('; ');
  throw new Fault('settings-invalid', say('{self} has no certificate {thumbprint}: there are {all}. Install one with understudy server certificate add', { self: network.self.name, thumbprint: thumbprint.slice(0, 100), all }));
}

/** Other hosts are shown that certificate from now on. Refused unless every paired host was told of a new key, or by force. */
export async function chooseCertificate(context: Context, thumbprint: string, force: boolean): Promise<void> {
  const { network, serviceSettings, engine } = context;
  const chosen = await certificateCalled(context, thumbprint);
  if (chosen.unfit !== null) throw new Fault('settings-invalid', say('the certificate {thumbprint} cannot be used: {unfit}', { thumbprint: chosen.thumbprint, unfit: chosen.unfit }));
  if (chosen.thumbprint === network.self.thumbprint) return;
  await network.present(chosen.isOwn ? null : chosen.thumbprint, (pin) => tellKey(context, pin, force));
  serviceSettings.put({ certificate: chosen.isOwn ? null : chosen.thumbprint });
  engine.host.changed('host', engine.host.hostId);
}

async function tellKey({ hosts, network }: Context, pin: string, force: boolean): Promise<void> {
  const untold: string[] = [];
  await Promise.all(hosts.list().map(async ({ hostId, name }) => {
    if (!(await told(network, hostId, { method: 'nextKey', params: { pin } }))) untold.push(name);
  }));
  if (untold.length > 0 && !force) throw new Refused(refuse(say('the key of that certificate is another one, and {list} cannot be told now: it would take this host for a stranger. Try again when it is in contact, or use --force and pair with it anew', { list: { list: untold } }), ['server set --force']));
}

/** The peer port is this one now, or null: that of the configuration. Hosts that are in contact follow at once, the others when they are met. */
export async function changePeerPort(context: Context, wanted: number | null): Promise<void> {
  const { network, serviceSettings, engine, hosts, configuredPeerPort } = context;
  const port = wanted ?? configuredPeerPort;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Fault('settings-invalid', say('the peer port cannot be {port}: allowed is a whole number from 1 to 65535', { port: String(port) }));
  const from = serviceSettings.get().lastPeerPort ?? configuredPeerPort;
  if (port !== from) await network.listenOn(port);
  serviceSettings.put({ peerPort: wanted, lastPeerPort: port, ...(port !== from && { portChange: { from, to: port } }) });
  await Promise.all(hosts.list().map(({ hostId }) => tellPort(context, hostId)));
  engine.host.changed('host', engine.host.hostId);
}

type Telling = Pick<Context, 'network' | 'serviceSettings'>;

/** A host that is met hears of the port; one that cannot be told now hears of it at the next meeting. */
export async function tellPort({ network, serviceSettings }: Telling, hostId: string): Promise<void> {
  const { portChange } = serviceSettings.get();
  if (portChange) await told(network, hostId, { method: 'portChanged', params: portChange });
}

async function told(network: Context['network'], hostId: string, announcement: Announcement): Promise<boolean> {
  try {
    await network.tell(hostId, announcement);
    return true;
  } catch (thrown) {
    if (!faultOf(thrown) && !(thrown instanceof DOMException)) throw thrown;
    return false;
  }
}

/** After a start: a port that was changed in the configuration is told like one that was set. */
export function notePeerPort({ serviceSettings }: Pick<Context, 'serviceSettings'>, port: number): void {
  const { lastPeerPort } = serviceSettings.get();
  if (lastPeerPort === port) return;
  serviceSettings.put({ lastPeerPort: port, ...(lastPeerPort !== null && { portChange: { from: lastPeerPort, to: port } }) });
}
