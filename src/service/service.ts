/** All use cases of one host. */
import { administrationOperations } from './administration.ts';
import type { Context } from './context.ts';
import { diskOperations } from './disks.ts';
import { failoverOperations } from './failovers.ts';
import { authorizationOperations } from './entries.ts';
import { doctorOperations } from './doctor.ts';
import { healthOperations } from './health.ts';
import { historyOperations } from './history.ts';
import { hostOperations } from './hosts.ts';
import { initialOperations } from './initial.ts';
import { machineOperations } from './machines.ts';
import { networkOperations } from './network.ts';
import { notificationOperations } from './notifications.ts';
import type { Operations } from './operations.ts';
import { overviewOperations } from './overview.ts';
import { pointOperations } from './points.ts';
import { replicationOperations } from './replication.ts';
import { screenOperations } from './screens.ts';
import { serverOperations } from './server.ts';
import { resynchronizationOperations } from './resynchronization.ts';
import { trafficOperations } from './traffic.ts';

export const createOperations = (context: Context): Operations => ({
  ...administrationOperations(context),
  ...overviewOperations(context),
  ...machineOperations(context),
  ...diskOperations(context),
  ...healthOperations(context),
  ...doctorOperations(context),
  ...historyOperations(context),
  ...hostOperations(context),
  ...serverOperations(context),
  ...authorizationOperations(context),
  ...replicationOperations(context),
  ...pointOperations(context),
  ...initialOperations(context),
  ...resynchronizationOperations(context),
  ...trafficOperations(context),
  ...failoverOperations(context),
  ...screenOperations(context),
  ...networkOperations(context),
  ...notificationOperations(context),
});
