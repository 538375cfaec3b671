/**
 * Addresses in a Linux guest: one shell script, told by its environment what to do. Nothing is written to the guest's disks, so a
 * guest that is brought home is as it was; and whatever manages the adapter lets go of it until the next boot. Source: ip(8),
 * resolvectl(1), nmcli(1), systemd.network(5): files below /run go with the boot.
 */
import { parseAddress } from '../../machine/address.ts';
import type { GuestAddresses } from '../../machine/guestnetwork.ts';

/** Of the second adapter's gateways, so that two adapters' do not replace each other. */
const METRICS_PER_ADAPTER = 10;
const FIRST_METRIC = 100;

const SCRIPT = `
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
has() { command -v "$1" >/dev/null 2>&1; }
end_clients() {
  has tr || return 0
  for each in /proc/[0-9]*; do
    case "$(tr '\\0' ' ' < "$each/cmdline" 2>/dev/null) " in
      *dhclient*" $DEVICE "*|*udhcpc*" $DEVICE "*|*dhcpcd*" $DEVICE "*) kill "\${each#/proc/}" 2>/dev/null ;;
    esac
  done
}
by_networkd() {
  [ -d /run/systemd/netif ] && has networkctl && systemctl is-active --quiet systemd-networkd || return 1
  mkdir -p /run/systemd/network
  printf '%s\\n' "$NETWORKD" > "/run/systemd/network/00-understudy-$DEVICE.network"
  networkctl reload && networkctl reconfigure "$DEVICE"
}
ask_for_address() {
  if has nmcli && nmcli -t general status >/dev/null 2>&1; then nmcli device modify "$DEVICE" ipv4.method auto
  elif has dhclient; then dhclient -4 -1 "$DEVICE"
  elif has udhcpc; then udhcpc -i "$DEVICE" -n -q
  elif has dhcpcd; then dhcpcd -4 "$DEVICE"
  else echo 'the guest has no DHCP client that is known' >&2; return 1
  fi
}
by_hand() {
  if has nmcli && nmcli -t general status >/dev/null 2>&1 && [ "$DHCP" = no ]; then nmcli device set "$DEVICE" managed no || true; fi
  end_clients
  ip link set dev "$DEVICE" up || return 1
  if [ -n "$ADDRESSES4" ]; then ip -4 addr flush dev "$DEVICE" scope global || return 1; fi
  if [ -n "$ADDRESSES6" ]; then ip -6 addr flush dev "$DEVICE" scope global || return 1; fi
  for each in $ADDRESSES4 $ADDRESSES6; do ip addr add "$each" dev "$DEVICE" || return 1; done
  metric=$METRIC
  for each in $GATEWAYS4; do ip -4 route replace default via "$each" dev "$DEVICE" metric "$metric" || return 1; metric=$((metric + 1)); done
  metric=$METRIC
  for each in $GATEWAYS6; do ip -6 route replace default via "$each" dev "$DEVICE" metric "$metric" || return 1; metric=$((metric + 1)); done
  [ "$DHCP" = no ] || ask_for_address
}
names() {
  [ -n "$SERVERS" ] || return 0
  if has resolvectl && resolvectl dns "$DEVICE" $SERVERS 2>/dev/null; then return 0; fi
  mkdir -p /run/understudy && for each in $ALL_SERVERS; do echo "nameserver $each"; done > /run/understudy/resolv.conf || return 1
  [ -e /etc/resolv.conf ] || : > /etc/resolv.conf
  grep -q ' /etc/resolv.conf ' /proc/mounts 2>/dev/null || mount -o bind /run/understudy/resolv.conf /etc/resolv.conf
}
by_networkd || by_hand || exit 1
names
`;

const isSix = (text: string): boolean => parseAddress(text)?.family === 6;

/** For systemd-networkd: the adapter's file, which goes before all others. */
function networkdFile(mac: string, { dhcp, addresses, gateways, dnsServers }: GuestAddresses): string {
  return [
    '[Match]', `MACAddress=${mac}`, '[Network]', `DHCP=${dhcp ? 'ipv4' : 'no'}`,
    ...addresses.map(({ address, prefix }) => `Address=${address}/${prefix}`),
    ...gateways.map((gateway) => `Gateway=${gateway}`),
    ...dnsServers.map((server) => `DNS=${server}`),
  ].join('\n');
}

export interface LinuxAdapter {
  /** As the guest calls it. */
  readonly device: string;
  readonly mac: string;
  readonly addresses: GuestAddresses;
  /** Its place among those that are set. */
  readonly index: number;
  /** Of all adapters together, for a guest that knows one list only. */
  readonly allServers: readonly string[];
}

/** Arguments of guest-exec. */
export function linuxCommand({ device, mac, addresses, index, allServers }: LinuxAdapter): Readonly<Record<string, unknown>> {
  const subnets = addresses.addresses.map(({ address, prefix }) => `${address}/${prefix}`);
  const environment = {
    DEVICE: device,
    DHCP: addresses.dhcp ? 'yes' : 'no',
    ADDRESSES4: subnets.filter((text) => !text.includes(':')).join(' '),
    ADDRESSES6: subnets.filter((text) => text.includes(':')).join(' '),
    GATEWAYS4: addresses.gateways.filter((text) => !isSix(text)).join(' '),
    GATEWAYS6: addresses.gateways.filter(isSix).join(' '),
    SERVERS: addresses.dnsServers.join(' '),
    ALL_SERVERS: allServers.join(' '),
    METRIC: String(FIRST_METRIC + METRICS_PER_ADAPTER * index),
    NETWORKD: networkdFile(mac, addresses),
  };
  return { path: '/bin/sh', arg: ['-c', SCRIPT], env: Object.entries(environment).map(([name, value]) => `${name}=${value}`), 'capture-output': true };
}
