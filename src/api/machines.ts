/** /api/machines: virtual machines of this host. */
import { Type } from '@fastify/type-provider-typebox';
import type { Operations } from '../service/operations.ts';
import { oneOf, path } from './fields.ts';
import { accepted, BY_MACHINE, CLOSED, created, done, FORCE, ok, TIMEOUT_SECONDS, type ApiInstance } from './routes.ts';
import { JOB_VIEW, MACHINE_DETAIL, MACHINE_VIEW } from './schemas.ts';

const tags = ['machines'];
const DEFINITION_CHARACTERS = 131_072;
const DEFINE_BODY = Type.Object({ toml: Type.String({ minLength: 1, maxLength: DEFINITION_CHARACTERS, description: 'The definition, as TOML; paths in it are absolute' }) }, CLOSED);
const START_BODY = Type.Object({ force: Type.Optional(FORCE) }, CLOSED);
const STOP_BODY = Type.Object({ force: Type.Optional(FORCE), timeoutSeconds: Type.Optional(TIMEOUT_SECONDS) }, CLOSED);

export function machineRoutes(app: ApiInstance, operations: Operations): void {
  app.get('/api/machines', { schema: { operationId: 'machineList', tags, summary: 'All virtual machines of this host', response: ok(Type.Array(MACHINE_VIEW)) } }, (request) =>
    operations.machineList(request.caller),
  );

  app.post(
    '/api/machines',
    { schema: { operationId: 'machineDefine', tags, summary: 'Define a machine, or change the definition of one with the same id', body: DEFINE_BODY, response: created(MACHINE_VIEW) } },
    async (request, reply) => {
      const machine = await operations.machineDefine(request.caller, request.body.toml);
      return reply.code(201).send(machine);
    },
  );

  app.get('/api/machines/:machine', { schema: { operationId: 'machineShow', tags, summary: 'One machine and its definition', params: BY_MACHINE, response: ok(MACHINE_DETAIL) } }, (request) =>
    operations.machineShow(request.caller, request.params.machine),
  );

  app.delete(
    '/api/machines/:machine',
    { schema: { operationId: 'machineUndefine', tags, summary: 'Forget the machine; its disks are kept', params: BY_MACHINE, response: done } },
    async (request, reply) => {
      await operations.machineUndefine(request.caller, request.params.machine);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/api/machines/:machine/start',
    { schema: { operationId: 'machineStart', tags, summary: 'Boot the guest', params: BY_MACHINE, body: START_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.machineStart(request.caller, request.params.machine, request.body)),
  );

  app.post(
    '/api/machines/:machine/stop',
    { schema: { operationId: 'machineStop', tags, summary: 'Shut the guest down; with force, cut its power', params: BY_MACHINE, body: STOP_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.machineStop(request.caller, request.params.machine, request.body)),
  );

  diskRoutes(app, operations);
}

const DISK_NAME = Type.String({ minLength: 1, maxLength: 10, description: 'Short name of the disk' });
const SIZE_BYTES = Type.Integer({ minimum: 1, description: 'Size in bytes' });
const ATTACH_BODY = Type.Object(
  { name: DISK_NAME, path: path('Absolute path of the image or block device'), format: Type.Optional(oneOf(['qcow2', 'raw'], 'Of the image; qcow2 when absent')), bus: Type.Optional(oneOf(['virtio', 'scsi', 'sata'], 'Where the guest sees it; virtio when absent')), sizeBytes: Type.Optional(SIZE_BYTES) },
  { ...CLOSED, title: 'DiskRequest' },
);
const DETACH_BODY = Type.Object({ timeoutSeconds: Type.Optional(TIMEOUT_SECONDS) }, CLOSED);
const GROW_BODY = Type.Object({ sizeBytes: SIZE_BYTES }, CLOSED);
const BY_DISK = Type.Object({ ...BY_MACHINE.properties, disk: DISK_NAME });

function diskRoutes(app: ApiInstance, operations: Operations): void {
  app.post(
    '/api/machines/:machine/disks',
    { schema: { operationId: 'diskAttach', tags, summary: 'Give the machine another disk, also while its guest runs', params: BY_MACHINE, body: ATTACH_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.diskAttach(request.caller, request.params.machine, request.body)),
  );
  app.post(
    '/api/machines/:machine/disks/:disk/detach',
    { schema: { operationId: 'diskDetach', tags, summary: 'Take a disk away, also from the set that replicates; the image stays', params: BY_DISK, body: DETACH_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.diskDetach(request.caller, request.params.machine, request.params.disk, request.body)),
  );
  app.post(
    '/api/machines/:machine/disks/:disk/grow',
    { schema: { operationId: 'diskGrow', tags, summary: 'Make a disk larger, also while the guest runs', params: BY_DISK, body: GROW_BODY, response: accepted(JOB_VIEW) } },
    async (request, reply) => reply.code(202).send(await operations.diskGrow(request.caller, request.params.machine, request.params.disk, request.body.sizeBytes)),
  );
}
