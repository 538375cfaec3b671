/** /api/machines/:machine/network: what a machine's adapters are like on this host once it has failed over to it. */
import { Type } from '@fastify/type-provider-typebox';
import type { Operations } from '../service/operations.ts';
import { oneOf } from './fields.ts';
import { accepted, BY_MACHINE, CLOSED, ok, type ApiInstance } from './routes.ts';
import { FAILOVER_NETWORK_VIEW, JOB_VIEW } from './schemas.ts';

const tags = ['network'];
const ADDRESS_CHARACTERS = 64;
/** More than a setting allows, so that the answer says what it allows. */
const LIST_ITEMS = 64;

const list = (description: string) => Type.Array(Type.String({ maxLength: ADDRESS_CHARACTERS }), { maxItems: LIST_ITEMS, description, default: [] });
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const bridge = (description: string) => Type.Optional(orNull(Type.String({ minLength: 1, maxLength: 15, description })));

const CHANGE_BODY = Type.Object(
  {
    addresses: Type.Optional(orNull(Type.Object(
      {
        protocol: Type.Optional(oneOf(['unknown', 'other', 'ipv4', 'ipv6', 'both'], 'Of which family addresses are set; "both" when absent')),
        dhcp: Type.Optional(Type.Boolean({ description: 'IPv4 addresses come from a DHCP server' })),
        addresses: list('Each with its prefix length or mask: 192.0.2.10/24, 2001:db8::10/64'),
        gateways: list('At most 5, in the order in which they are preferred'),
        dnsServers: list('In the order in which they are asked'),
      },
      { ...CLOSED, description: 'What is set in the guest; null for what it has by itself' },
    ))),
    bridge: bridge('A bridge of this host, in place of what the definition says; null for that'),
    testBridge: bridge('A bridge of this host for test failovers; null: their copy reaches nothing'),
  },
  { ...CLOSED, title: 'NetworkChange' },
);

const BY_ADAPTER = Type.Object({ ...BY_MACHINE.properties, adapter: Type.String({ minLength: 1, maxLength: 40, description: 'Place of the network adapter in the definition, from 0, or its MAC address' }) });

export function networkRoutes(app: ApiInstance, operations: Operations): void {
  app.get('/api/machines/:machine/network', { schema: { operationId: 'networkShow', tags, summary: 'What the adapters are like on this host after a failover', params: BY_MACHINE, response: ok(FAILOVER_NETWORK_VIEW) } }, (request) =>
    operations.networkShow(request.caller, request.params.machine),
  );

  app.patch(
    '/api/machines/:machine/network/:adapter',
    { schema: { operationId: 'networkChange', tags, summary: 'Change one adapter; what is not named stays', params: BY_ADAPTER, body: CHANGE_BODY, response: ok(FAILOVER_NETWORK_VIEW) } },
    (request) => operations.networkChange(request.caller, request.params.machine, request.params.adapter, request.body),
  );

  app.post(
    '/api/machines/:machine/network/apply',
    { schema: { operationId: 'networkApply', tags, summary: 'Set the addresses in the running guest now', params: BY_MACHINE, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.networkApply(request.caller, request.params.machine)),
  );
}
