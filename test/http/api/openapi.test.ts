import t from 'tap'
import Value from 'typebox/value'
import { isRecord } from '../../../src/record.ts'
import { aCaller, adminToken, anAdminClient } from '../../support/administrator.ts'
import { anEstate } from '../../support/estate.ts'
import { type Answer, aServer } from '../../support/server.ts'

const server = await aServer(t, { path: '/tenant' })
const call = aCaller(server, await adminToken(server, await anAdminClient(server)))
const { familyId, person } = await anEstate(server)

const at = (value: unknown, ...path: readonly string[]): Record<string, unknown> => {
  let found: unknown = value
  for (const name of path) found = isRecord(found) ? found[name] : undefined
  if (!isRecord(found)) throw new Error(`nothing at ${path.join('.')}`)
  return found
}
const schemaOf = (answer: unknown) => at(answer, 'content', 'application/json', 'schema')

const { status, body: document } = await aCaller(server, undefined)('/openapi.json')
const operations = Object.entries(at(document, 'paths')).flatMap(([path, methods]) =>
  Object.entries(at(methods)).map(([method, operation]) => ({ path, method, operation: at(operation) })),
)
const { id: deliveryId } = await server.database.prisma((prisma) =>
  prisma.logoutDelivery.create({
    data: { clientId: 'gone', userId: person.id, sessionId: familyId, createdAt: server.clock.now() },
  }),
)
const send = (path: string, method: string, body: unknown): Promise<Answer> =>
  call(
    path.replace('{id}', path.startsWith('/logouts') ? String(deliveryId) : familyId),
    method === 'post' ? body : undefined,
  )

t.test('openapi.json names every path that is served, and they answer as it says', async (t) => {
  t.equal(status, 200)
  t.match(document, { openapi: /^3\.1/, servers: [{ url: `${server.issuer}/api/v1` }] })
  t.same(operations.map(({ path, method }) => `${method} ${path}`).sort(), [
    'get /clients',
    'get /events',
    'get /families',
    'get /families/{id}',
    'get /logouts',
    'get /sessions',
    'get /users',
    'post /logouts/{id}/again',
    'post /revocations',
  ])
  const preview = { target: { kind: 'user', id: person.id }, preview: true }
  for (const { path, method, operation } of operations) {
    const answer = await send(path, method, preview)
    t.equal(answer.status, 200, path)
    const schema = schemaOf(at(operation, 'responses', '200'))
    t.same(Value.Errors(schema, answer.body), [], `${path}: the answer is what was promised`)
    t.notOk(Value.Check(schema, { ...answer.body, extra: 1 }), 'and nothing else could be')
    t.notOk(Value.Check(schema, {}))
    if ('requestBody' in operation) t.ok(Value.Check(schemaOf(operation.requestBody), preview))
  }
})

t.test('every refusal has the body that it names', async (t) => {
  const error = at(document, 'components', 'schemas', 'Error')
  const stranger = aCaller(server, undefined)
  const nobody = { kind: 'user', id: '00000000-0000-4000-8000-000000000000' }
  const refused = [
    [401, await stranger('/users')],
    [400, await call('/users?x=1')],
    [404, await call('/revocations', { target: nobody, preview: true })],
    [409, await call('/revocations', { target: { kind: 'all' }, preview: false })],
  ] as const
  for (const [expected, answer] of refused) {
    t.equal(answer.status, expected)
    t.same(Value.Errors(error, answer.body), [])
    t.equal(answer.headers.get('cache-control'), 'no-store')
    for (const { operation } of operations) t.ok(at(operation, 'responses', String(expected)))
  }
})

t.test('parameters are in the path where the path has them, and bounded', async (t) => {
  for (const { path, operation } of operations) {
    const parameters = Array.isArray(operation.parameters) ? operation.parameters.map((each) => at(each)) : []
    for (const { name, in: place, required } of parameters) {
      t.equal(place, path.includes(`{${name}}`) ? 'path' : 'query')
      t.equal(required, place === 'path')
    }
    const limit = parameters.find(({ name }) => name === 'limit')
    if (limit) t.match(limit.schema, { minimum: 1, maximum: 200, default: 50 })
  }
})
