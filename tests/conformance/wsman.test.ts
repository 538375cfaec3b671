/** WS-Management over real sockets: every operation as clients send it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { childNamed, childrenNamed, elements, textOf } from '../../src/xml/read.ts';
import type { XmlElement } from '../../src/xml/xml.ts';
import { actionOf, bodyOf, DMTF, envelopeText, openWsman, WMI, type EnvelopeOptions, type WsmanAnswer, type WsmanBench } from './wsmanbench.ts';

describe('WS-Management', () => {
  let bench: WsmanBench;
  before(async () => {
    bench = await openWsman();
  });
  after(async () => {
    await bench.close();
    assert.deepEqual(bench.bugs, []);
  });
  const ask = (options: EnvelopeOptions): Promise<WsmanAnswer> => bench.post(envelopeText(options));
  const subcodeOf = (answer: WsmanAnswer): string => textOf(childNamed(childNamed(childNamed(bodyOf(answer), 'Code')!, 'Subcode')!, 'Value')!);
  const enumerate = (body: string, resource?: string, headers = '') => ask({ action: actionOf('Enumerate'), ...(resource && { resource }), headers, body: `<n:Enumerate>${body}</n:Enumerate>` });

  test('Get answers every property of the class, nil where it has no value', async () => {
    const answer = await ask({ action: actionOf('Get'), selectors: { CreationClassName: 'Msvm_ComputerSystem', Name: '9a6f1f70-0a4b-4b5c-9d43-000000000001' } });
    assert.equal(answer.status, 200, answer.text);
    const found = bodyOf(answer);
    const declared = bench.model.manager.classOf('root/virtualization/v2', 'Msvm_ComputerSystem').properties.map(({ name }) => name);
    assert.deepEqual([...new Set(elements(found).map(({ local }) => local))], declared);
    console.log(answer.text.slice(0, 3000));
  });
  test('x', async () => {
    for (const b of ['<w:OptimizeEnumeration/><w:MaxElements>2</w:MaxElements><w:EnumerationMode>EnumerateObjectAndEPR</w:EnumerationMode>', '<w:OptimizeEnumeration/><w:EnumerationMode>EnumerateEPR</w:EnumerationMode>', '']) { const a = await enumerate(b, `${DMTF}/Msvm_ComputerSystem`); console.log(a.text.replace(/<p:.*?<.p:Msvm_ComputerSystem>/g, '<ITEM/>')); }
    void WMI; void subcodeOf; void childrenNamed; void (null as XmlElement | null);
  });
});
