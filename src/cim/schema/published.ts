/** The schema that a host serves: three namespaces. What clients knew as root/virtualization (v1) does not exist. */
import cimv2 from './cimv2.json' with { type: 'json' };
import devices from './devices.json' with { type: 'json' };
import { Schema } from './classes.ts';
import { declareClasses } from './declare.ts';
import indications from './indications.json' with { type: 'json' };
import interop from './interop.json' with { type: 'json' };
import virtualization from './virtualization.json' with { type: 'json' };

export const VIRTUALIZATION = 'root/virtualization/v2';
export const CIMV2 = 'root/cimv2';
export const INTEROP = 'root/interop';

export const SCHEMA = new Schema([
  { name: VIRTUALIZATION, aliases: [], classes: declareClasses(virtualization, devices, indications) },
  { name: CIMV2, aliases: [], classes: declareClasses(cimv2, indications) },
  { name: INTEROP, aliases: ['interop'], classes: declareClasses(interop, indications) },
]);
