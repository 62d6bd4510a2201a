import t from 'tap'
import { chooseLanguage, texts, wordsFor } from '../../src/pages/language.ts'

const cases: readonly (readonly [
  why: string,
  uiLocales: readonly string[],
  header: string | undefined,
  chosen: string,
])[] = [
  ['nothing asked', [], undefined, 'en'],
  ['an empty header', [], '', 'en'],
  ['a region is looked up by its language (RFC 4647 §3.4)', ['ko-KR'], undefined, 'ko'],
  ['tags have no case (RFC 5646 §2.1.1)', ['KO-kr'], undefined, 'ko'],
  ['a script and a region', ['ko-Kore-KR'], undefined, 'ko'],
  ['Konkani begins like Korean and is not', ['kok'], undefined, 'en'],
  ['ui_locales comes before the header', ['en'], 'ko', 'en'],
  ['ui_locales in its order (OIDC Core §3.1.2.1)', ['fr', 'ko', 'en'], undefined, 'ko'],
  ['unknown ui_locales leave it to the header', ['fr-CA', 'de'], 'ko', 'ko'],
  ['the heaviest range', [], 'en;q=0.5, ko;q=0.9', 'ko'],
  ['no weight is 1 (RFC 9110 §12.4.2)', [], 'en;q=0.9, ko', 'ko'],
  ['equal weights in their order', [], 'ko-KR,ko;q=0.9,en-US;q=0.9', 'ko'],
  ['a weight of 0 is a refusal', [], 'ko;q=0, en;q=0.1', 'en'],
  ['a weight that is none voids its range', [], 'ko;q=2, en;q=0.1', 'en'],
  ['so does another parameter', [], 'ko;level=1, en;q=0.1', 'en'],
  ['an asterisk takes what is first here', [], 'fr, *;q=0.5, ko;q=0.1', 'en'],
  ['S23 a path in ui_locales', ['../../etc/ko'], undefined, 'en'],
  ['S23 a path that begins like a language', ['ko/../../etc/passwd'], undefined, 'en'],
  ['S23 a path in the header', [], '../../ko, ko/..;q=0.9', 'en'],
  ['S23 a null byte', ['ko\0'], undefined, 'en'],
  ['S23 a line break', ['ko\r\nSet-Cookie: a=b'], undefined, 'en'],
  ['S23 a trailing line break', ['ko\n'], undefined, 'en'],
  ['S23 an underscore', ['ko_KR'], undefined, 'en'],
  ['S23 markup', ['"><script>', 'ko"'], undefined, 'en'],
  ['S23 names every object has', ['constructor', '__proto__', 'toString'], undefined, 'en'],
  ['S23 garbage is skipped, not the end', ['../../etc', 'ko'], undefined, 'ko'],
  ['a subtag of nine characters is none', ['ko-abcdefghi'], undefined, 'en'],
  ['only the beginning of an endless header is read', [], `${'x,'.repeat(600)}ko`, 'en'],
]

for (const [why, uiLocales, header, chosen] of cases) {
  t.test(`language: ${why}`, async (t) => t.equal(chooseLanguage(uiLocales, header), chosen))
}

/** Every sentence with the path to it; one with a gap is filled in. */
const sentences = (node: unknown, path: string): readonly (readonly [string, string])[] => {
  if (typeof node === 'string') return [[path, node]]
  if (typeof node === 'function') return [[path, String(node('7'))]]
  return Object.entries(node as object).flatMap(([name, child]) => sentences(child, `${path}.${name}`))
}

t.test('both languages say everything, and each in its own script', async (t) => {
  const english = sentences(texts.en, 'texts')
  const korean = sentences(texts.ko, 'texts')
  t.same(
    korean.map(([path]) => path),
    english.map(([path]) => path),
  )
  for (const [path, sentence] of korean) t.match(sentence, /[가-힣]/, `${path} is Korean`)
  for (const [path, sentence] of english) t.match(sentence, /^[^가-힣]+$/, `${path} is English`)
})

t.test('what is filled in is said in both languages', async (t) => {
  for (const [language, { login, consent }] of Object.entries(texts)) {
    t.match(login.next('Notes'), /Notes/, language)
    t.match(login.wait(45), /45/, language)
    t.match(login.wait(600), /10/, language)
    t.match(consent.site('notes.example'), /notes\.example/, language)
  }
})

t.test('no text shouts, apologises or blames', async (t) => {
  for (const language of Object.values(texts)) {
    for (const [path, sentence] of sentences(language, 'texts')) t.notMatch(sentence, /!|oops|sorry|죄송/i, path)
  }
})

t.test('a name has words of its own or none: never what every object has', async (t) => {
  t.equal(wordsFor({ openid: 'Know who you are' }, 'openid'), 'Know who you are')
  for (const name of ['toString', '__proto__', 'constructor', '']) t.equal(wordsFor({}, name), undefined, name)
})
