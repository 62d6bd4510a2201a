#!/usr/bin/env node
/**
 * From a revocation at one server to its refusal by an API that follows the other, with the stream and without; and the
 * feed's size and cost.
 *
 *   npm run build && node bench/revocation.mjs [--samples 1000]
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { protect } from '../dist/resource-server/index.js'
import { startDatabase } from './database.mjs'
import { seed } from './seed.mjs'
import { startServer } from './server.mjs'
import { aligned } from './table.mjs'

const { values } = parseArgs({ options: { samples: { type: 'string', default: '1000' } } })
const samples = Number(values.samples)
const maxAge = 30

const keys = await mkdtemp(join(tmpdir(), 'tessera-bench-keys-'))
const database = await startDatabase()
const url = await database.create('revocation')

/** The issuer's address: it leads to the second server, and on request keeps its stream from whoever asks. */
let followed
let streams = true
const front = createServer((incoming, outgoing) => {
  if (!streams && incoming.url?.startsWith('/oauth2/revocations/stream')) return outgoing.writeHead(404).end()
  const onward = request(followed + incoming.url, { method: incoming.method, headers: incoming.headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    outgoing.flushHeaders()
    answer.pipe(outgoing)
  })
  onward.on('error', () => outgoing.destroy())
  outgoing.on('close', () => onward.destroy())
  incoming.pipe(onward)
})
await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${front.address().port}`

const env = { ISSUER: issuer, DATABASE_URL: url, KEYS_DIR: keys, REVOCATION_MAX_AGE: String(maxAge) }
const acting = await startServer({ env })
const other = await startServer({ env })
followed = other.origin
const { clients } = await seed(url)
const { client_id, client_secret, resource } = clients.machine
const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`

const post = async (path, form) => {
  const answer = await fetch(acting.origin + path, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams(form),
  })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return answer.text()
}
const aToken = async () => JSON.parse(await post('/oauth2/token', { grant_type: 'client_credentials' })).access_token
const revoke = (token) => post('/oauth2/revoke', { token })

const aGuard = async () => {
  const guard = protect({ issuer, audience: resource, onTrouble: () => {} })
  await guard.ready()
  return guard
}
const accepts = async (guard, token) => {
  try {
    await guard.verify(token)
    return true
  } catch (error) {
    if (/revoked/.test(error.message)) return false
    throw error
  }
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
const summary = (times) => {
  const sorted = [...times].sort((a, b) => a - b)
  return { p50: at(sorted, 0.5), p99: at(sorted, 0.99), most: sorted.at(-1) }
}

/** One after the other. Counted from the acknowledgement, and from the moment at which the revocation was sent. */
const byStream = async () => {
  const guard = await aGuard()
  const [sent, acknowledged] = [[], []]
  for (let n = 0; n < samples + 20; n++) {
    const token = await aToken()
    if (!(await accepts(guard, token))) throw new Error('a good token was refused')
    const start = performance.now()
    let end
    const done = revoke(token).then(() => {
      end = performance.now()
    })
    while (await accepts(guard, token)) await new Promise((resolve) => setImmediate(resolve))
    const refused = performance.now()
    await done
    // The first ones run code that is not compiled yet.
    if (n < 20) continue
    sent.push(refused - start)
    acknowledged.push(Math.max(0, refused - end))
  }
  guard.close()
  return { sent: summary(sent), acknowledged: summary(acknowledged) }
}

/** Spread over some polls, each looked at ten times a second. */
const byPolling = async () => {
  streams = false
  const guard = await aGuard()
  const waiting = new Map()
  const times = []
  const tokens = []
  for (let n = 0; n < samples; n++) tokens.push(await aToken())
  const acts = (async () => {
    for (const token of tokens) {
      await sleep(Math.random() * 2 * (40_000 / samples))
      await revoke(token)
      waiting.set(token, performance.now())
    }
  })()
  let over = false
  acts.then(() => {
    over = true
  })
  while (!over || waiting.size > 0) {
    for (const [token, since] of waiting)
      if (!(await accepts(guard, token))) {
        times.push(performance.now() - since)
        waiting.delete(token)
      }
    await sleep(100)
  }
  await acts
  guard.close()
  streams = true
  return summary(times)
}

const claimsOf = (jws) => JSON.parse(Buffer.from(jws.split('.')[1], 'base64url').toString())
const ask = async (query = '') => {
  const start = performance.now()
  const text = await (await fetch(`${other.origin}/oauth2/revocations${query}`)).text()
  return { ms: performance.now() - start, text, bytes: text.length }
}
const known = async (seq) => {
  for (;;) {
    const list = await ask()
    if (claimsOf(list.text).seq >= seq) return list
    await sleep(50)
  }
}

/** A new act makes the list be signed anew: the snapshot that is asked for then pays for it, the next one does not. */
const sizeOf = async (count) => {
  const hash = (n) => createHash('sha256').update(`${count} ${n}`).digest('hex').slice(0, 32)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('DELETE FROM revocations')
    await client.query('UPDATE revocation_counter SET epoch = gen_random_uuid(), seq = $1', [count])
    const subjects = Array.from({ length: count }, (_, n) => hash(n))
    await client.query(
      `INSERT INTO revocations (seq, kind, subject, reason, at, expires_at)
       SELECT n, 'family', subject, 'logged_out', now(), now() + interval '1 hour'
       FROM unnest($1::text[]) WITH ORDINALITY AS of (subject, n)`,
      [subjects],
    )
    await client.query("NOTIFY tessera_changes, 'revocations'")
  } finally {
    await client.end()
  }
  await sleep(500)
  let list = await known(count)
  const { bytes } = list
  const [signed, served, deltas, deltaBytes] = [[], [], [], []]
  for (let n = 0; n < 20; n++) {
    const { epoch, seq } = claimsOf(list.text)
    // A long list is written down once a second at most.
    if (count >= 5000) await sleep(1000)
    await revoke(await aToken())
    for (;;) {
      const delta = await ask(`?epoch=${epoch}&after=${seq}`)
      if (claimsOf(delta.text).seq === seq) continue
      deltas.push(delta.ms)
      deltaBytes.push(delta.bytes)
      break
    }
    list = await ask()
    signed.push(list.ms)
    served.push((await ask()).ms)
  }
  return { count, bytes, delta: at(deltaBytes, 0.5), signed: summary(signed).p50, served: summary(served).p50 }
}

const ms = (value) => value.toFixed(1)
try {
  const streamed = await byStream()
  console.log(`Revoked at one server, refused by an API that follows the other: ${samples} times each, milliseconds\n`)
  const row = (name, { p50, p99, most }) => [name, ms(p50), ms(p99), ms(most)]
  console.log(
    aligned(
      ['', 'p50', 'p99', 'most'],
      [row('stream, from the request', streamed.sent), row('stream, from its answer', streamed.acknowledged)],
    ),
  )
  const polled = await byPolling()
  console.log(aligned(['', 'p50', 'p99', 'most'], [row(`polling, maximum age ${maxAge} s`, polled)]))
  console.log(
    '\nThe list, and a delta of one act; milliseconds of a request to a new list, and to one already signed\n',
  )
  const sizes = []
  for (const count of [0, 1000, 100_000]) sizes.push(await sizeOf(count))
  console.log(
    aligned(
      ['active', 'bytes', 'delta', 'signed anew', 'served again'],
      sizes.map((size) => [
        String(size.count),
        String(size.bytes),
        String(size.delta),
        ms(size.signed),
        ms(size.served),
      ]),
    ),
  )
} finally {
  await Promise.all([acting.stop(), other.stop()])
  front.close()
  front.closeAllConnections()
  await database.stop()
  await rm(keys, { recursive: true, force: true })
}
