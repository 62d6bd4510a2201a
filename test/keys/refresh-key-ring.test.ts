import { readdir } from 'node:fs/promises'
import t from 'tap'
import { createKeyDirectory } from '../../src/keys/directory.ts'
import { createRefreshKeyRing } from '../../src/keys/refresh-key-ring.ts'
import { systemRandom as random } from '../../src/random.ts'
import { aClock, aDirectory, aRefreshKeyStore } from './memory.ts'

const someDeps = async (t: Parameters<typeof aDirectory>[0]) => {
  const path = await aDirectory(t)
  return { path, directory: createKeyDirectory({ path, random }), store: aRefreshKeyStore(), clock: aClock(), random }
}

t.test('the first key mints at once, and is the same after a restart', async (t) => {
  const deps = await someDeps(t)
  const ring = await createRefreshKeyRing(deps)
  const key = ring.minting()
  t.match(key.id, /^[0-9a-f]{8}$/)
  t.equal(key.secret.length, 32)
  t.same((await createRefreshKeyRing(deps)).minting(), key)
  t.equal(ring.find('00000000'), undefined)
})

t.test('a new key is known everywhere before it mints, and the old one is recognised ever after', async (t) => {
  const deps = await someDeps(t)
  const [ring, other] = [await createRefreshKeyRing(deps), await createRefreshKeyRing(deps)]
  const old = ring.minting()
  const id = await ring.rotate({ emergency: false })

  deps.clock.advance(179)
  t.equal(ring.minting().id, old.id)
  await other.refresh()
  deps.clock.advance(1)
  t.equal(ring.minting().id, id)
  t.same(other.minting(), ring.minting())
  deps.clock.advance(365 * 86_400)
  t.same(other.find(old.id), old)
})

t.test('a key and its successor of the same instant stand in their order, whatever their ids are', async (t) => {
  for (const [older, newer] of [
    ['00000001', 'ffffffff'],
    ['ffffffff', '00000001'],
  ]) {
    const deps = await someDeps(t)
    const ids = [older, newer].map((id) => Buffer.from(id ?? '', 'hex'))
    const chosen = { ...random, bytes: (length: number) => (length === 4 && ids.shift()) || random.bytes(length) }
    const ring = await createRefreshKeyRing({ ...deps, random: chosen })
    await ring.rotate({ emergency: false })
    t.equal(ring.minting().id, older)
    deps.clock.advance(180)
    t.equal(ring.minting().id, newer)
  }
})

t.test('an emergency: the old key is recognised no longer', async (t) => {
  const deps = await someDeps(t)
  const ring = await createRefreshKeyRing(deps)
  const old = ring.minting()
  const id = await ring.rotate({ emergency: true })
  t.equal(ring.minting().id, id)
  t.equal(ring.find(old.id), undefined)
})

t.test('K3 two servers that start, or rotate, at once end with one key', async (t) => {
  const deps = await someDeps(t)
  const [one, two] = await Promise.all([createRefreshKeyRing(deps), createRefreshKeyRing(deps)])
  t.same(one.minting(), two.minting())
  t.equal((await readdir(deps.path)).length, 1, 'no file is left of the loser')

  const made = await Promise.all([one.rotate({ emergency: false }), two.rotate({ emergency: false })])
  t.equal(made.filter((id) => id !== undefined).length, 1)
  t.equal((await deps.store.list()).length, 2)
  t.equal((await readdir(deps.path)).length, 2)
})

t.test('a server that lacks a key names it', async (t) => {
  const deps = await someDeps(t)
  const { id } = (await createRefreshKeyRing(deps)).minting()
  const directory = createKeyDirectory({ path: `${deps.path}-2`, random })
  const elsewhere = await createRefreshKeyRing({ ...deps, directory })
  t.same(elsewhere.missing(), [id])
  t.throws(() => elsewhere.minting(), { message: `the refresh key ${id} is missing` })
})
