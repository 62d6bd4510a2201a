#!/usr/bin/env node
/**
 * What an API pays to verify a token with the SDK, bound to a key or not, and how much of it is the look-up among the revocations.
 *
 *   npm run build && node bench/sdk.mjs [--seconds 3]
 */
import { parseArgs } from 'node:util'
import { protect } from '../dist/resource-server/index.js'
import { readFeed } from '../dist/resource-server/revocations/feed.js'
import { createRevocationList } from '../dist/resource-server/revocations/list.js'
import { nameOf } from '../dist/resource-server/revocations/names.js'
import { mockIssuer } from '../dist/resource-server/testing/index.js'
import { cpuPerAct } from './signature.mjs'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } })
const seconds = Number(values.seconds)

const issuer = await mockIssuer()
const guard = protect({ issuer: issuer.issuer, audience: issuer.audience, revocations: 'off' })
const token = await issuer.issue()
const whole = (await cpuPerAct(() => guard.verify(token, 'read'), { atOnce: 1, seconds })) * 1000
const verified = await guard.verify(token)
const { kid } = issuer.keys.tokens

/** Microseconds of CPU for a token that is bound to a key, with a proof of its own for each request. */
const boundCost = async (alg) => {
  const key = await issuer.proofKey(alg)
  const bound = await issuer.issue({ cnf: { jkt: key.jkt } })
  const url = `${issuer.audience}/orders`
  const requests = []
  for (let n = 0; n < 4_000; n++) {
    const headers = await key.headers({ url, token: bound })
    requests.push({ headers, url, method: 'GET' })
  }
  for (const request of requests.splice(0, 500)) await guard.verify(request)
  const before = process.cpuUsage()
  for (const request of requests) await guard.verify(request)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / requests.length
}
const bound = []
for (const alg of ['ES256', 'EdDSA', 'PS256']) bound.push([alg, await boundCost(alg)])
await issuer.close()

const instant = Math.floor(Date.now() / 1000)
const kinds = ['family', 'session', 'user', 'client', 'token']

/** So many entries, of all kinds, none of which concerns the tokens. */
const listOf = (entries) => {
  const list = createRevocationList(() => Date.now() / 1000, 5)
  const claims = { iss: 'i', iat: instant, epoch: 'e', seq: entries, after: 0, max_age: 30 }
  const value = (kind) => (kind === 'user' || kind === 'client' ? [instant + 3600, instant] : instant + 3600)
  for (const kind of kinds) {
    const names = Array.from({ length: entries / kinds.length }, (_, n) => [nameOf(kind, `other ${n}`), value(kind)])
    claims[kind] = Object.fromEntries(names)
  }
  list.apply(readFeed(claims, { issuer: 'i', clockTolerance: 5, seconds: () => Date.now() / 1000 }))
  return list
}

/** Microseconds of CPU for one look-up, for tokens that come again and again, and for ones that never came before. */
const lookUp = (list, tokens) => {
  const rounds = Math.ceil((200_000 * seconds) / tokens.length)
  const run = () => {
    for (const one of tokens) if (list.find(one, kid) !== undefined) throw new Error('a good token was found')
  }
  run()
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (rounds * tokens.length)
}

const tokens = (count) =>
  Array.from({ length: count }, (_, n) => ({ ...verified, sub: `user ${n}`, sid: `session ${n}`, jti: `family${n}.1` }))
const known = tokens(1_000)
/** More than the names that are remembered: every look-up hashes. */
const strange = tokens(50_000)

process.stdout.write(`one verification: ${whole.toFixed(0)} µs CPU, ${Math.round(1e6 / whole)} per second and core\n`)
for (const [alg, cost] of bound)
  process.stdout.write(
    `with a DPoP proof, ${alg}: ${cost.toFixed(0)} µs CPU, ${Math.round(1e6 / cost)} per second and core\n`,
  )
process.stdout.write('active revocations   look-up, tokens in use        look-up, each token for the first time\n')
for (const entries of [0, 1_000, 100_000]) {
  const list = listOf(entries)
  const cell = (cost) => `${cost.toFixed(2)} µs ${((100 * cost) / whole).toFixed(2)} %`.padEnd(30)
  process.stdout.write(`${String(entries).padEnd(21)}${cell(lookUp(list, known))}${cell(lookUp(list, strange))}\n`)
}
