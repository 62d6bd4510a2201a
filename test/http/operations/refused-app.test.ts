import t, { type Test } from 'tap'
import { type App, aServer } from '../../support/server.ts'
import { grant, machineMetadata } from '../../support/token-requests.ts'

const server = await aServer(t)
const machine = await server.anApp(machineMetadata)
const app = await server.anApp({ token_endpoint_auth_method: 'client_secret_post' })

/** The line that the log has of what was refused. */
const lineOf = async (act: () => Promise<unknown>): Promise<Record<string, unknown>> => {
  const before = server.log().length
  await act()
  const lines = server.log().slice(before).trim().split('\n')
  const [refused, ...others] = lines.map((line) => JSON.parse(line)).filter(({ msg }) => /^refused/.test(msg))
  if (!refused || others.length > 0) throw new Error(`not one line: ${lines.join('\n')}`)
  return refused
}
const names = async (t: Test, who: App, act: () => Promise<unknown>) =>
  t.equal((await lineOf(act)).client_id, who.client_id)
const post = (form: Record<string, string>, who?: App) => server.post('/oauth2/token', form, who)

t.test('the line of a refusal names the app that is registered by the id it gave', async (t) => {
  await names(t, machine, () => post(grant, { ...machine, secret: 'wrong' }))
  await names(t, app, () => post({ ...grant, client_id: app.client_id, client_secret: 'wrong' }))
  await names(t, machine, () => post({ ...grant, scope: 'write' }, machine))
  await names(t, machine, () => post({ grant_type: 'refresh_token', refresh_token: 'x' }, machine))
  await names(t, machine, () => server.post('/oauth2/introspect', {}, machine))
  const wrong = { redirect_uri: 'https://elsewhere.example/cb' }
  await names(t, app, () => server.visitor().visit(server.authorizeUrl(app, wrong).url))
  for (const parameters of [{ scope: 'nobody knows' }, { prompt: 'none' }])
    await names(t, app, () => server.visitor().visit(server.authorizeUrl(app, parameters).url))
})

t.test('what nobody registered is not repeated there', async (t) => {
  const stranger = { ...machine, client_id: 'a-stranger', secret: 'wrong' }
  for (const act of [
    () => post(grant, stranger),
    () => post({ ...grant, client_id: 'a-stranger' }),
    () => server.visitor().visit(server.authorizeUrl(stranger).url),
  ])
    t.notOk('client_id' in (await lineOf(act)))
  t.notMatch(server.log(), 'a-stranger')
})
