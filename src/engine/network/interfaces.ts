/** A guest's network adapters, as its agent tells them. Source: QEMU guest agent protocol, guest-network-get-interfaces. */
import { addressText, isLinkLocal, parseAddress } from '../../machine/address.ts';
import type { GuestAddresses } from '../../machine/guestnetwork.ts';

export interface GuestInterface {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly { readonly address: string; readonly prefix: number }[];
}

interface Told {
  readonly name?: unknown;
  readonly 'hardware-address'?: unknown;
  readonly 'ip-addresses'?: readonly { readonly 'ip-address'?: unknown; readonly prefix?: unknown }[];
}

/** What the guest says is its own matter: whatever is not as it should be is left out. */
export function interfacesIn(answer: unknown): readonly GuestInterface[] {
  if (!Array.isArray(answer)) return [];
  return (answer as readonly Told[]).flatMap((told) => {
    const { name, 'hardware-address': mac, 'ip-addresses': list } = told;
    if (typeof name !== 'string' || typeof mac !== 'string') return [];
    const addresses = (Array.isArray(list) ? (list as NonNullable<Told['ip-addresses']>) : []).flatMap(({ 'ip-address': text, prefix }) => {
      // A link-local IPv6 address may be told with the adapter's name behind it.
      const address = typeof text === 'string' ? parseAddress(text.split('%')[0]!) : undefined;
      return address && typeof prefix === 'number' ? [{ address: addressText(address), prefix }] : [];
    });
    return [{ name, mac: mac.toLowerCase().replaceAll('-', ':'), addresses }];
  });
}

/** What is not there of what was asked for; empty when everything is. */
export function missingFrom({ addresses: present }: GuestInterface, { dhcp, addresses }: GuestAddresses): readonly string[] {
  const missing = addresses.filter(({ address, prefix }) => !present.some((each) => each.address === address && each.prefix === prefix)).map(({ address, prefix }) => `${address}/${prefix}`);
  const hasFour = present.map(({ address }) => parseAddress(address)!).some((address) => address.family === 4 && !isLinkLocal(address));
  return dhcp && !hasFour ? [...missing, 'an IPv4 address by DHCP'] : missing;
}
