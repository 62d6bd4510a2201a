import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const redirectUri = 'https://app.example/cb'
const sha256 = (text) => createHash('sha256').update(text).digest()

/** A client and a person with a session, as the server would have stored them, and a code for each family. */
const seed = async (database, families) => {
  const id = `honest-${randomBytes(4).toString('hex')}`
  const secret = randomBytes(32).toString('base64url')
  const metadata = {
    client_name: 'Honest clients',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'offline_access read',
    resources: ['https://api.example'],
  }
  await database.query('INSERT INTO clients (id, metadata, created_at) VALUES ($1, $2, now())', [id, metadata])
  await database.query('INSERT INTO client_secrets (id, client_id, hash, created_at) VALUES ($1, $2, $3, now())', [
    randomUUID(),
    id,
    sha256(secret),
  ])
  const [userId, sessionId] = [randomUUID(), randomUUID()]
  await database.query('INSERT INTO users (id, username, username_key, created_at) VALUES ($1, $2, $2, now())', [
    userId,
    `honest-${userId}`,
  ])
  await database.query(
    `INSERT INTO sessions (id, token_hash, user_id, authenticated_at, amr, acr, created_at, last_used_at, idle_expires_at,
       absolute_expires_at) VALUES ($1, $2, $3, now(), '{pwd}', '1', now(), now(), now() + '1 day', now() + '7 days')`,
    [sessionId, randomBytes(32), userId],
  )
  const scope = metadata.scope.split(' ')
  const { resources } = metadata
  const codes = []
  for (let index = 0; index < families; index++) {
    const code = randomBytes(32).toString('base64url')
    const verifier = randomBytes(32).toString('base64url')
    const grant = { userId, sessionId, scope, resources, authTime: new Date(), acr: '1', amr: ['pwd'], claims: {} }
    await database.query(
      `INSERT INTO authorization_codes (hash, client_id, user_id, session_id, "grant", redirect_uri, code_challenge,
         created_at, expires_at, kept_until)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now() + '60 s', now() + '1 hour')`,
      [sha256(code), id, userId, sessionId, grant, redirectUri, sha256(verifier).toString('base64url')],
    )
    codes.push({ code, verifier })
  }
  return { userId, codes, authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }
}

/**
 * Honest clients, each with a family: each presents the refresh token it has until somebody answers, at one server and
 * then at the other, and never an older one.
 *
 * @param loses says what becomes of each answer: `never` lost; the `answer` itself lost on its way; or the client loses
 * its `patience` and asks again while the first request is still at work
 */
export const createHonestClients = async ({ ports, url, count, loses = () => 'never' }) => {
  const database = new pg.Client({ connectionString: url })
  await database.connect()
  const { userId, codes, authorization } = await seed(database, count)
  const agents = ports.map(() => new Agent({ keepAlive: true }))
  const told = { rotations: 0, requests: 0, lost: 0, broken: 0, unavailable: 0, logouts: [], failures: [] }
  const successors = new Map()

  const send = (server, form) =>
    new Promise((resolve, reject) => {
      const body = new URLSearchParams(form).toString()
      const headers = {
        authorization,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      }
      const options = {
        host: '127.0.0.1',
        port: ports[server],
        agent: agents[server],
        method: 'POST',
        path: '/oauth2/token',
      }
      const sent = request({ ...options, headers, timeout: 20_000 }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode, text }))
      })
      sent.on('error', reject)
      sent.on('timeout', () => sent.destroy(new Error('no answer')))
      sent.end(body)
    })

  /** Also what a client never reads was returned. */
  const keep = (token, answer) => {
    if (answer?.status !== 200) return undefined
    const successor = JSON.parse(answer.text).refresh_token
    successors.set(token, (successors.get(token) ?? new Set()).add(successor))
    return successor
  }

  /** @returns the new refresh token, or undefined where the client was logged out */
  const rotate = async (token, first) => {
    const abandoned = []
    const over = async (successor) => {
      // Whoever has a fresh pair uses it; by the time it refreshes again, what it gave up is over.
      for (const answer of await Promise.all(abandoned))
        if (keep(token, answer) !== successor) told.failures.push(`abandoned: ${answer?.status} ${answer?.text}`)
      return successor
    }
    for (let attempt = 0; attempt < 400; attempt++) {
      const loss = loses()
      told.requests++
      const form = { grant_type: 'refresh_token', refresh_token: token }
      const answering = send((first + attempt) % ports.length, form).catch(() => undefined)
      if (loss === 'patience') abandoned.push(answering)
      const answer = loss === 'patience' ? undefined : await answering
      const successor = keep(token, answer)
      if (successor !== undefined && loss === 'never') return over(successor)
      if (loss !== 'never') {
        told.lost++
        continue
      }
      if (!answer) told.broken++
      else if (answer.status === 503) told.unavailable++
      else {
        const about = `${answer.status} ${answer.text}`
        if (answer.status === 400) told.logouts.push(about)
        else told.failures.push(about)
        return undefined
      }
      await sleep(20)
    }
    told.failures.push('nobody answers')
    return undefined
  }

  const tokens = []
  for (const [index, { code, verifier }] of codes.entries()) {
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }
    const { status, text } = await send(index % ports.length, form)
    if (status !== 200) throw new Error(`no tokens: ${status} ${text}`)
    tokens.push(JSON.parse(text).refresh_token)
  }

  return {
    told,
    /** Each client rotates, one after the other, for as long as `goOn` lets it. */
    run: (goOn) =>
      Promise.all(
        tokens.map(async (_, index) => {
          while (tokens[index] !== undefined && (await goOn())) {
            tokens[index] = await rotate(tokens[index], Math.floor(Math.random() * ports.length))
            if (tokens[index] !== undefined) told.rotations++
          }
        }),
      ),
    /** What must be none, what it was counted among, and what the database says of it. */
    async report() {
      const { rows } = await database.query(
        `SELECT sum(generation - 1)::int AS generations, count(revoked_at)::int AS revoked, sum(retries)::int AS retries
         FROM token_families WHERE user_id = $1`,
        [userId],
      )
      const doubles = [...successors.values()].filter((all) => all.size > 1).length
      const { logouts, failures, ...counts } = told
      return {
        ...counts,
        ...rows[0],
        successors: successors.size,
        logouts: logouts.length,
        doubles,
        failures: failures.length,
      }
    },
    async close() {
      for (const agent of agents) agent.destroy()
      await database.end()
    },
  }
}
