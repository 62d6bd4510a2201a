import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createKeyDirectory, KeyFileError } from '../../src/keys/directory.ts'
import { generateKey, thumbprint } from '../../src/keys/key-pair.ts'
import { systemRandom as random } from '../../src/random.ts'
import { aDirectory } from './memory.ts'

const aKey = async () => {
  const key = await generateKey('EdDSA')
  return { key, kid: await thumbprint(key) }
}
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8)
const secret = Buffer.alloc(32, 7)

for (const passphrase of [undefined, 'correct horse']) {
  t.test(`keys come back as they were saved, ${passphrase ? 'encrypted' : 'in the clear'}`, async (t) => {
    const path = await aDirectory(t)
    const directory = createKeyDirectory({ path, passphrase, random })
    const { key, kid } = await aKey()

    await directory.saveSigningKey(kid, key)
    await directory.saveRefreshKey('0123abcd', secret)
    const cookie = await directory.cookieSecret()

    t.ok((await directory.signingKey(kid))?.equals(key))
    t.same(await directory.refreshKey('0123abcd'), secret)
    t.same(await createKeyDirectory({ path, passphrase, random }).cookieSecret(), cookie, 'another server, same secret')
    t.same((await readdir(path)).sort(), [`${kid}.pem`, 'cookie.key', 'refresh-0123abcd.key'].sort(), 'nothing is left')

    t.equal(await modeOf(path), '700')
    for (const file of await readdir(path)) t.equal(await modeOf(join(path, file)), '600', file)

    const pem = await readFile(join(path, `${kid}.pem`), 'utf8')
    t.equal(pem.startsWith('-----BEGIN ENCRYPTED PRIVATE KEY-----'), passphrase !== undefined)
    t.equal((await readFile(join(path, 'refresh-0123abcd.key'))).includes(secret), passphrase === undefined)
  })
}

t.test('a wrong or a missing passphrase is named, with the file', async (t) => {
  const path = await aDirectory(t)
  const { key, kid } = await aKey()
  const directory = createKeyDirectory({ path, passphrase: 'right', random })
  await directory.saveSigningKey(kid, key)
  await directory.saveRefreshKey('0123abcd', secret)

  const wrong = createKeyDirectory({ path, passphrase: 'wrong', random })
  await t.rejects(wrong.signingKey(kid), {
    name: 'KeyFileError',
    message: /\.pem does not open with this KEY_PASSPHRASE/,
  })
  await t.rejects(wrong.refreshKey('0123abcd'), {
    message: /refresh-0123abcd\.key does not open with this KEY_PASSPHRASE/,
  })

  const none = createKeyDirectory({ path, random })
  await t.rejects(none.signingKey(kid), { name: 'KeyFileError', message: /is encrypted: set KEY_PASSPHRASE/ })
  await t.rejects(none.refreshKey('0123abcd'), { message: /is encrypted: set KEY_PASSPHRASE/ })
})

t.test('a passphrase set later encrypts what was in the clear', async (t) => {
  const path = await aDirectory(t)
  const { key, kid } = await aKey()
  const plain = createKeyDirectory({ path, random })
  await plain.saveSigningKey(kid, key)
  await plain.saveRefreshKey('0123abcd', secret)

  const directory = createKeyDirectory({ path, passphrase: 'new', random })
  t.ok((await directory.signingKey(kid))?.equals(key))
  t.same(await directory.refreshKey('0123abcd'), secret)
  await t.rejects(plain.signingKey(kid), KeyFileError)
  await t.rejects(plain.refreshKey('0123abcd'), KeyFileError)
  t.same(await directory.refreshKey('0123abcd'), secret, 'and it opens again')
  for (const file of await readdir(path)) t.equal(await modeOf(join(path, file)), '600', file)
})

t.test('a file that other accounts can read is refused', async (t) => {
  const path = await aDirectory(t)
  const { key, kid } = await aKey()
  const directory = createKeyDirectory({ path, random })
  await directory.saveSigningKey(kid, key)
  await directory.cookieSecret()
  await chmod(join(path, `${kid}.pem`), 0o644)
  await chmod(join(path, 'cookie.key'), 0o604)
  await t.rejects(directory.signingKey(kid), { name: 'KeyFileError', message: /chmod 600/ })
  await t.rejects(directory.cookieSecret(), { name: 'KeyFileError', message: /chmod 600/ })
})

t.test('a missing file is no key; a damaged, a swapped and a short one are errors', async (t) => {
  const path = await aDirectory(t)
  const directory = createKeyDirectory({ path, passphrase: 'p', random })
  const [one, two] = [await aKey(), await aKey()]
  t.equal(await directory.signingKey(one.kid), undefined, 'not even a directory')
  t.equal(await directory.refreshKey('0123abcd'), undefined)

  await directory.saveSigningKey(one.kid, one.key)
  await writeFile(join(path, `${two.kid}.pem`), await readFile(join(path, `${one.kid}.pem`)), { mode: 0o600 })
  await t.rejects(directory.signingKey(two.kid), { message: /another key than its name says/ })

  await directory.saveRefreshKey('0123abcd', secret)
  await writeFile(join(path, 'refresh-ffffffff.key'), await readFile(join(path, 'refresh-0123abcd.key')), {
    mode: 0o600,
  })
  await t.rejects(
    directory.refreshKey('ffffffff'),
    { message: /was damaged/ },
    'one file cannot take the place of another',
  )

  await writeFile(join(path, 'refresh-00000000.key'), 'short', { mode: 0o600 })
  await t.rejects(directory.refreshKey('00000000'), { message: /not a key of 32 bytes/ })
  await writeFile(join(path, `${'A'.repeat(43)}.pem`), 'no key', { mode: 0o600 })
  await t.rejects(directory.signingKey('A'.repeat(43)), { message: /not a private key in PEM/ })
})

t.test('a key is never written over another', async (t) => {
  const path = await aDirectory(t)
  const directory = createKeyDirectory({ path, random })
  await directory.saveRefreshKey('0123abcd', secret)
  await t.rejects(directory.saveRefreshKey('0123abcd', Buffer.alloc(32)), { message: /exists already/ })
  t.same(await directory.refreshKey('0123abcd'), secret)
  await directory.removeRefreshKey('0123abcd')
  t.equal(await directory.refreshKey('0123abcd'), undefined)
})

t.test('T5 only a key id becomes the name of a file', async (t) => {
  const path = await aDirectory(t)
  await mkdir(path)
  const directory = createKeyDirectory({ path, random })
  for (const kid of ['../../etc/passwd', '', 'a'.repeat(10_000), `${'a'.repeat(42)}/`]) {
    await t.rejects(directory.signingKey(kid), KeyFileError)
    await t.rejects(directory.refreshKey(kid), KeyFileError)
  }
})

t.test('K3 ten servers that ask for the cookie secret at once agree, and on that of pairwise subjects', async (t) => {
  const path = await aDirectory(t)
  const directories = Array.from({ length: 10 }, () => createKeyDirectory({ path, random }))
  const secrets = await Promise.all(directories.map((directory) => directory.cookieSecret()))
  t.equal(new Set(secrets.map((one) => one.toString('hex'))).size, 1)
  const subjects = await Promise.all(directories.map((directory) => directory.subjectSecret()))
  t.equal(new Set(subjects.map((secret) => secret.toString('hex'))).size, 1)
  t.notSame(subjects[0], secrets[0], 'a secret of its own')
  t.same((await readdir(path)).sort(), ['cookie.key', 'subject.key'])
})
