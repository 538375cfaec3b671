/** Every generated document: its path in the repository and its content now. */
import manifest from '../package.json' with { type: 'json' };
import { openApiDocument } from '../src/api/openapi.ts';
import { mofText } from '../src/cim/mof.ts';
import { SCHEMA } from '../src/cim/schema/published.ts';
import { cliMarkdown } from '../src/cli/reference.ts';
import { statusMarkdown } from './statuspage.ts';
import { relationshipMarkdown } from '../src/relationship/document.ts';
import { clientTypes } from './clienttypes.ts';
import { faultsMarkdown } from './faults.ts';
import { doctorMarkdown, healthMarkdown } from './healthpages.ts';
import { clientManual, daemonManual } from './manualpages.ts';
import { monitoringMarkdown } from './monitoringpage.ts';

export async function documents(): Promise<Readonly<Record<string, string>>> {
  const openApi = await openApiDocument(manifest.version);
  return {
    'docs/cli.md': await cliMarkdown(),
    'docs/man/understudy.1': await clientManual(manifest.version),
    'docs/man/understudyd.8': daemonManual(manifest.version),
    'docs/monitoring.md': monitoringMarkdown(),
    'docs/status-json.md': statusMarkdown(),
    'docs/generated/doctor.md': doctorMarkdown(),
    'docs/generated/faults.md': faultsMarkdown(),
    'docs/generated/health.md': healthMarkdown(),
    'docs/generated/openapi.json': openApi,
    'docs/generated/relationship.md': relationshipMarkdown(),
    'docs/generated/understudy.mof': mofText(SCHEMA),
    'src/client/openapi.ts': await clientTypes(openApi),
  };
}
