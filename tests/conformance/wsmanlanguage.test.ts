/** What a client that says which language it reads is told over WS-Management: faults, the words for return values, and what it may insist on. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { attributeOf, childNamed, childrenNamed, elements, textOf } from '../../src/xml/read.ts';
import { parseXml } from '../../src/xml/parse.ts';
import type { XmlElement } from '../../src/xml/xml.ts';
import { actionOf, bodyOf, envelopeText, openWsman, subcodeOf, type WsmanAnswer, type WsmanBench } from './wsmanbench.ts';

const METADATA = 'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*';

/** What each return value that Microsoft documents for Msvm_ReplicationService means, in German and in Chinese. */
const RETURN_VALUES: Readonly<Record<string, readonly [german: string, chinese: string]>> = {
  0: ['Ohne Fehler abgeschlossen', '已完成，沒有錯誤'],
  4096: ['Parameter geprüft, Auftrag gestartet', '參數已檢查，工作已開始'],
  32768: ['Fehlgeschlagen', '失敗'],
  32769: ['Zugriff verweigert', '拒絕存取'],
  32770: ['Nicht unterstützt', '不受支援'],
  32771: ['Zustand unbekannt', '狀態不明'],
  32772: ['Zeitüberschreitung', '逾時'],
  32773: ['Ungültiger Parameter', '參數無效'],
  32774: ['Das System wird gerade verwendet', '系統使用中'],
  32775: ['Im jetzigen Zustand ist dieser Vorgang nicht möglich', '目前狀態無法執行此作業'],
  32776: ['Falscher Datentyp', '資料類型不正確'],
  32777: ['Das System ist nicht verfügbar', '系統無法使用'],
  32778: ['Nicht genügend Arbeitsspeicher', '記憶體不足'],
  32779: ['Datei nicht gefunden', '找不到檔案'],
};

describe('the language of WS-Management', () => {
  let bench: WsmanBench;
  before(async () => {
    bench = await openWsman();
  });
  after(() => bench.close());

  const localeOf = (locale: string, mustUnderstand = false): string => `<w:Locale xml:lang="${locale}" s:mustUnderstand="${mustUnderstand}"/>`;
  const nobody = (headers: string): Promise<WsmanAnswer> => bench.post(envelopeText({ action: actionOf('Get'), selectors: { Name: 'nobody' }, headers }));
  const languageOfAnswer = (answer: WsmanAnswer): string | undefined => attributeOf(parseXml(answer.text), 'lang', 'http://www.w3.org/XML/1998/namespace');
  const reasons = (answer: WsmanAnswer): [language: string | undefined, text: string][] =>
    childrenNamed(childNamed(bodyOf(answer), 'Reason')!, 'Text').map((each) => [attributeOf(each, 'lang', 'http://www.w3.org/XML/1998/namespace'), textOf(each)]);

  for (const [locale, language, words] of [
    ['de-DE', 'de', /^Dieses Objekt gibt es nicht: ./],
    ['de-CH', 'de', /^Dieses Objekt gibt es nicht: ./],
    ['fr-CA', 'fr', /^Cet objet n'existe pas\u00a0: ./],
    ['it-IT', 'it', /^Questo oggetto non esiste: ./],
    ['zh-TW', 'zh-Hant', /^沒有此物件：./],
  ] as const) {
    test(`a fault is told in the words of ${locale} first, and in English`, async () => {
      const answer = await nobody(localeOf(locale));
      assert.equal(subcodeOf(answer), 'a:DestinationUnreachable');
      assert.equal(languageOfAnswer(answer), language);
      const [own, english, ...more] = reasons(answer);
      assert.deepEqual([own?.[0], english?.[0], more], [language, 'en-US', []]);
      assert.match(own![1], words);
      assert.ok(own![1].endsWith(english![1]));
    });
  }

  for (const locale of ['pt-BR', 'zh-CN', 'nonsense', '']) {
    test(`a fault is English for ${JSON.stringify(locale)}, unless the client insists`, async () => {
      const answer = await nobody(localeOf(locale));
      assert.equal(languageOfAnswer(answer), 'en-US');
      assert.deepEqual(reasons(answer).map(([language]) => language), ['en-US']);
      assert.equal(subcodeOf(await nobody(localeOf(locale, true))), 'w:UnsupportedFeature');
    });
  }

  /** Number → the words for it, of a method's return value. */
  async function returnValues(locale: string): Promise<ReadonlyMap<string, string>> {
    const answer = await bench.post(envelopeText({ action: actionOf('Get'), resource: METADATA, selectors: { ClassName: 'Msvm_ReplicationService' }, headers: localeOf(locale) }));
    assert.equal(answer.status, 200, answer.text.slice(0, 400));
    const methods = childrenNamed(bodyOf(answer), 'METHOD');
    const method = methods.find((each) => attributeOf(each, 'NAME') === 'CreateReplicationRelationship')!;
    const values = (name: string): string[] => {
      const qualifier = childrenNamed(method, 'QUALIFIER').find((each) => attributeOf(each, 'NAME') === name);
      return elements(qualifier ? childNamed(qualifier, 'VALUE.ARRAY')! : ({ children: [] } as unknown as XmlElement)).map(textOf);
    };
    const words = values('Values');
    return new Map(values('ValueMap').map((number, at) => [number, words[at]!]));
  }

  test('a class tells what its return values mean in the words of its reader', async () => {
    const [german, chinese] = [await returnValues('de-DE'), await returnValues('zh-Hant-TW')];
    for (const [number, words] of german) assert.deepEqual([number, words, chinese.get(number)], [number, ...(RETURN_VALUES[number] ?? [])]);
    assert.equal(german.size, 14);
  });
});
