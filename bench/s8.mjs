import { addressOf, createAgent, form, formType, Unexpected } from './agent.mjs'
import { authorizationRequest, readForm } from './flow.mjs'

/** Who fails to log in. In the table of users each kind but the first has a row for each of its attempts. */
const kinds = {
  'unknown user': undefined,
  'wrong password': { hashed: true, disabled: false },
  'disabled user': { hashed: true, disabled: true },
  'no password': { hashed: false, disabled: false },
}

/** S8 of the security requirements: as far as the medians may lie apart. */
const tolerance = 0.05
/** Before the interaction's ten minutes are over, however slow the machine is. */
const attemptsPerPage = 500
const warmup = 200

const shuffled = (list) => {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[list[last], list[other]] = [list[other], list[last]]
  }
  return list
}

/**
 * Rounds of one attempt of each kind in random order, so that what else the machine does falls on all kinds alike. Names
 * of one length and in no order by kind, each used once and from a network of its own: no bucket ever fills.
 */
const plan = (samples) => {
  const chosen = Array.from({ length: samples }, () => shuffled(Object.keys(kinds))).flat()
  const warming = Array.from({ length: warmup }, () => 'unknown user')
  return [...warming, ...chosen].map((kind, index) => ({
    kind,
    username: `person-${String(index).padStart(6, '0')}`,
    address: addressOf(index + 1),
    isCounted: index >= warmup,
  }))
}

const enter = async (database, attempts, hash) => {
  for (const [kind, row] of Object.entries(kinds)) {
    if (!row) continue
    const names = attempts.filter((attempt) => attempt.kind === kind).map(({ username }) => username)
    await database.query(
      `INSERT INTO users (id, username, username_key, password_hash, disabled_at, created_at)
       SELECT gen_random_uuid(), name, name, $2, CASE WHEN $3 THEN now() END, now() FROM unnest($1::text[]) AS name`,
      [names, row.hashed ? hash : null, row.disabled],
    )
  }
  await database.query('ANALYZE users')
}

const openLogin = async (agent, { origin, paths, clients }) => {
  const { query } = authorizationRequest(clients.app)
  const sent = await agent.request('GET', `${paths.authorize}?${query}`, { browses: true })
  const { pathname, search } = new URL(sent.headers.location ?? '', origin)
  const answer = await agent.request('GET', pathname + search, { browses: true })
  const page = readForm(answer.text, 'login-form')
  if (!page) throw new Unexpected('no login page', answer)
  return page
}

const quantile = (sorted, q) => sorted[Math.floor(q * sorted.length)]

const difference = (lists) => {
  const medians = lists.map((list) => quantile(Float64Array.from(list).sort(), 0.5))
  return Math.max(...medians) / Math.min(...medians) - 1
}

/** What the difference would be at most, 95 times in 100, if the kind made none: the same times dealt out anew. */
const byChance = (lists) => {
  const rounds = lists[0].map((_, round) => lists.map((list) => list[round]))
  const deals = Array.from({ length: 200 }, () => {
    const dealt = rounds.map((round) => shuffled([...round]))
    return difference(lists.map((_, kind) => dealt.map((round) => round[kind])))
  })
  return quantile(
    deals.sort((a, b) => a - b),
    0.95,
  )
}

const percent = (ratio) => `${(ratio * 100).toFixed(2)} %`

/**
 * One attempt after the other, all kinds mixed, over one connection. What an answer looks like is compared as well.
 *
 * @param hash at the server's own cost
 * @returns whether the medians lie within the tolerance and all answers are alike
 */
export const measureRefusals = async ({ target, database, hash, samples, say }) => {
  const attempts = plan(samples)
  await enter(database, attempts, hash)

  const agent = createAgent(target.origin)
  const times = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]))
  const looks = new Set()
  const began = performance.now()
  let page
  for (const [index, { kind, username, address, isCounted }] of attempts.entries()) {
    if (index % attemptsPerPage === 0) page = await openLogin(agent, target)
    const headers = { accept: 'text/html', 'content-type': formType, origin: target.origin }
    const body = form({ ...page.fields, username, password: 'not the password of anybody' })
    const start = performance.now()
    const answer = await agent.request('POST', page.action, { headers, body, browses: true, from: address })
    const milliseconds = performance.now() - start
    if (answer.status !== 401) throw new Unexpected(`login of ${kind}`, answer)
    looks.add(`${answer.status}, ${answer.text.length} characters, ${Object.keys(answer.headers).sort().join(' ')}`)
    if (isCounted) times[kind].push(milliseconds)
  }
  await agent.close()

  const seconds = (performance.now() - began) / 1000
  say(`S8: ${attempts.length} refused logins in ${seconds.toFixed(0)} s, ${samples} of each kind counted`)
  for (const [kind, list] of Object.entries(times)) {
    const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(Float64Array.from(list).sort(), q))
    say(`  ${kind.padEnd(14)} p50 ${median.toFixed(3)} ms (half of them from ${low.toFixed(3)} to ${high.toFixed(3)})`)
  }
  const lists = Object.values(times)
  const largest = difference(lists)
  const isNear = largest < tolerance
  say(`  largest difference of p50: ${percent(largest)}, ${isNear ? 'met' : 'MISSED'} (< ${percent(tolerance)})`)
  say(`  by chance on this machine: up to ${percent(byChance(lists))}`)
  say(`  answers look ${looks.size === 1 ? 'alike' : `DIFFERENT: ${[...looks].join('; ')}`}`)
  return isNear && looks.size === 1
}
