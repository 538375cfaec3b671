import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failureText, Fault } from '../../src/errors/fault.ts';
import { inLanguage } from '../../src/language/domain.ts';
import { acceptedLanguage, languageOf, languageOfEnvironment } from '../../src/language/language.ts';
import { durationIn } from '../../src/language/quantities.ts';
import { inEnglish, inWords, say, textFrom, told } from '../../src/language/text.ts';

describe('the language that somebody reads', () => {
  test('Chinese is ours where it is written in traditional characters', () => {
    assert.deepEqual(['zh-TW', 'zh_HK.UTF-8', 'zh-Hant-MO', 'zh-CN', 'zh', 'zh-Hans-TW'].map((tag) => languageOf(tag.replace(/[.].*$/, ''))), ['zh-Hant', 'zh-Hant', 'zh-Hant', undefined, undefined, undefined]);
  });

  test('of a browser is the most wanted of ours, and English when none is', () => {
    assert.equal(acceptedLanguage('pt-BR, it;q=0.5, fr-CH;q=0.8'), 'fr');
    assert.equal(acceptedLanguage('de;q=0, zh-CN'), 'en');
    assert.equal(acceptedLanguage(undefined), 'en');
    assert.equal(acceptedLanguage(';;;,,q=9'), 'en');
  });

  test('of a terminal is that of its locale, whatever its country, script and codeset', () => {
    const of = (locale: string): string => languageOfEnvironment({ LANG: locale });
    assert.deepEqual(['de_CH', 'de_AT.UTF-8', 'fr_CA.ISO-8859-1', 'it_CH@euro', 'zh_TW.UTF-8', 'zh_HK', 'zh_MO.UTF-8'].map(of), ['de', 'de', 'fr', 'it', 'zh-Hant', 'zh-Hant', 'zh-Hant']);
    assert.deepEqual(['C', 'POSIX', 'C.UTF-8', 'en_GB.UTF-8', 'zh_CN.UTF-8', 'zh_SG', 'pt_BR', 'nonsense', '_', '.UTF-8'].map(of), Array.from({ length: 10 }, () => 'en'));
    assert.equal(languageOfEnvironment({ LANG: 'zh_CN.UTF-8', LANGUAGE: 'zh_CN:zh_TW:de' }), 'zh-Hant');
  });

  test('of a terminal is by LC_ALL, LC_MESSAGES, LANG in this order, LANGUAGE before them, and English for C', () => {
    assert.equal(languageOfEnvironment({ LANG: 'de_DE.UTF-8' }), 'de');
    assert.equal(languageOfEnvironment({ LANG: 'de_DE.UTF-8', LC_MESSAGES: 'it_IT', LC_ALL: '' }), 'it');
    assert.equal(languageOfEnvironment({ LANG: 'de_DE.UTF-8', LC_ALL: 'C.UTF-8' }), 'en');
    assert.equal(languageOfEnvironment({ LANG: 'de_DE.UTF-8', LANGUAGE: 'pt:fr_FR' }), 'fr');
    assert.equal(languageOfEnvironment({ LANGUAGE: 'fr' }), 'en');
    assert.equal(languageOfEnvironment({}), 'en');
  });
});

describe('a text', () => {
  const text = say('{host} has not answered yet', { host: 'alpha' });

  test('is English wherever it is kept, and any language where it is read', () => {
    assert.equal(told(text).message, 'alpha has not answered yet');
    assert.equal(inLanguage(told(text).said!, 'de'), 'alpha hat noch nicht geantwortet');
    assert.equal(inLanguage(text, 'zh-Hant'), 'alpha 尚未回應');
  });

  test('in a text is in the same language', () => assert.equal(inWords(say('{a}!', { a: say('yes') }), 'de', { yes: 'ja', '{a}!': '{a}!' }), 'ja!'));

  test('ends with one stop where an abbreviation stands at its end, and keeps every other', () => {
    assert.equal(inWords(say('Taken {age}. {name}.qcow2 is {name}.', { age: 'vor 3 Min.', name: 'a' }), 'en', {}), 'Taken vor 3 Min. a.qcow2 is a.');
  });

  test('never takes a name for a text of ours', () => assert.equal(inLanguage(say('{host} is out of reach', { host: 'Suspended' }), 'de'), 'Suspended ist nicht erreichbar'));

  test('of another host is taken only when it is one', () => {
    assert.equal(inEnglish(textFrom(JSON.parse(JSON.stringify(text)))!), 'alpha has not answered yet');
    for (const bad of [null, 7, { text: 1, values: {} }, { text: 'x', values: { a: { b: 1 } } }, [null]]) assert.equal(textFrom(bad), undefined);
  });

  test('of a fault that nobody translated says what kind of fault it is', () => {
    const fault = new Fault('disk-missing', 'vda of web: /srv/web.qcow2');
    assert.equal(inLanguage(failureText(fault), 'de'), 'Ein Datenträger fehlt: vda of web: /srv/web.qcow2');
    assert.equal(inEnglish(failureText(fault)), 'vda of web: /srv/web.qcow2');
  });
});

describe('a length of time', () => {
  const lengths: readonly [ms: number, text: string][] = [[0, '0 s'], [830, '0.8 s'], [2_000, '2 s'], [9_960, '10 s'], [59_400, '59 s'], [59_600, '1 min'], [185_000, '3 min 5 s'], [300_000, '5 min'], [7_440_000, '2 h 4 min'], [86_400_000, '1 d'], [262_800_000, '3 d 1 h']];
  for (const [ms, text] of lengths) test(`of ${ms} ms is ${text}`, () => assert.equal(durationIn('en', ms), text));

  test('has the marks and the comma of the language', () => assert.deepEqual([durationIn('de', 830), durationIn('fr', 262_800_000), durationIn('zh-Hant', 185_000)], ['0,8 s', '3 j 1 h', '3 分 5 秒']));
});
