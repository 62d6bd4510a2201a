import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { configurationTable } from '../src/config.ts'
import { freePort } from './support/free-port.mjs'
import { otherwiseSigned } from './support/signed.ts'
import { until } from './support/until.ts'
import { aVisitor } from './support/visitor.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = await readFile(join(root, 'README.md'), 'utf8')
const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block = '']) => block)

const said = (child: ChildProcess, pattern: RegExp): Promise<string> =>
  new Promise((resolve, reject) => {
    let output = ''
    const hear = (chunk: unknown) => {
      output += String(chunk)
      if (pattern.test(output)) resolve(output)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${output}`)))
  })

const stopped = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  // What Ctrl-C does: the whole process group hears it.
  if (child.pid) process.kill(-child.pid, 'SIGINT')
  await exit
}

t.test('the table of settings is the one the settings have', async (t) => {
  t.ok(readme.includes(configurationTable().trim()), 'README.md must hold what configurationTable() prints')
})

/** Every command of the README, as it stands there, against the server that `npm start` starts. */
t.test('every command of the README does what it says', async (t) => {
  const [port, appPort, folder] = [await freePort(), await freePort(), await mkdtemp(join(tmpdir(), 'tessera-readme-'))]
  const here = (text: string) => text.replaceAll('3000', String(port)).replaceAll('8080', String(appPort))
  const env = { ...process.env, PORT: String(port), KEYS_DIR: join(folder, 'keys'), DATA_DIR: join(folder, 'data') }
  const commands = blocks('sh').flatMap((block) => block.trim().split('\n'))
  const shell = async (command: string) => (await promisify(execFile)('sh', ['-c', command], { cwd: root, env })).stdout

  const run = await readFile(join(root, '.ci/run'), 'utf8')
  for (const [index, command] of ['npm ci', 'npm test'].entries())
    t.ok(
      run.split('\n').some((line) => line.startsWith(command)),
      `${index}: the run itself is ${command}`,
    )
  t.same(
    commands.filter((command) => command.includes('npm ci')),
    ['npm ci && npm start', 'npm ci && npm test'],
  )

  // `npm ci` has built what runs; here the sources may be newer.
  await shell('npm run build')
  const server = spawn('npm', ['start'], { cwd: root, env, detached: true })
  t.teardown(async () => {
    await stopped(server)
    await rm(folder, { recursive: true, force: true })
  })
  const welcome = await said(server, /A token[\s\S]*oauth2\/token\n/)
  const base = `http://localhost:${port}`
  for (const line of [`Issuer +${base}`, `Start page +${base}/`, 'First administrator', 'Demo person +alice / '])
    t.match(welcome, new RegExp(line))

  const curl = /curl -u .*oauth2\/token/.exec(welcome)?.[0] ?? ''
  t.match(JSON.parse(await shell(curl)), { token_type: 'Bearer', scope: 'demo:read' }, 'the line that gets a token')
  const link = /http\S+administrator\?token=\S+/.exec(welcome)?.[0] ?? ''
  t.equal((await fetch(link)).status, 200, 'the one-time link opens')

  await until(async () => (await fetch(`${base}/health/ready`)).ok, 'readiness')
  const outputs = new Map<string, string>()
  for (const command of commands.filter((command) => !command.includes('npm ci'))) {
    outputs.set(command, await shell(here(command)))
    t.pass(command)
  }
  const outputOf = (part: string) => [...outputs].find(([command]) => command.includes(part))?.[1] ?? ''
  t.match(outputOf('openid-configuration'), `"issuer":"${base}"`)
  t.match(outputOf('health/ready'), '"status":"ready"')
  t.match(outputOf('user list'), 'alice')
  t.match(outputOf('client list'), 'my-app')
  t.match(outputOf('admin link'), /administrator\?token=tal_/)

  await fromAnApp(t, {
    folder,
    here,
    base,
    appPort,
    secret: /tcs_[\w-]{43}/.exec(outputOf('client create'))?.[0] ?? '',
  })
  await onADevice(t, base, outputOf('device_authorization'))
  await atAnApi(t, { folder, here, token: String(JSON.parse(await shell(curl)).access_token) })
  const farewell = said(server, /"event":"stopped"/)
  await Promise.all([farewell, stopped(server)])
  await t.rejects(
    readFile(join(folder, 'data', 'postgres', 'postmaster.pid')),
    'Ctrl-C stops it cleanly, with its PostgreSQL',
  )
})

const onADevice = async (t: Test, base: string, answer: string) => {
  const { device_code, verification_uri_complete } = JSON.parse(answer)
  const phone = aVisitor(base)
  await phone.visit(verification_uri_complete)
  await phone.submit('device-form', {}, 'device-submit')
  await phone.submit('login-form', { username: 'alice', password: 'open sesame' }, 'login-submit')
  await phone.submit('consent-form', {}, 'consent-allow')
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  const body = new URLSearchParams({ client_id: 'my-tv', grant_type, device_code })
  const response = await fetch(`${base}/oauth2/token`, { method: 'POST', body })
  t.match(await response.json(), { token_type: 'Bearer', scope: 'openid' }, 'log in on a device without a browser')
}

const [appCode = '', guardCode = '', apiCode = ''] = blocks('js')

const fromAnApp = async (
  t: Test,
  {
    folder,
    here,
    base,
    appPort,
    secret,
  }: { folder: string; here: (text: string) => string; base: string; appPort: number; secret: string },
) => {
  // What `npm install` of a package and of this folder would leave there.
  await mkdir(join(folder, 'node_modules'))
  for (const name of ['openid-client', 'oauth4webapi', 'jose'])
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  await symlink(root, join(folder, 'node_modules', 'tessera'))
  await writeFile(join(folder, 'app.mjs'), here(appCode))
  const app = spawn(process.execPath, ['app.mjs'], {
    cwd: folder,
    env: { ...process.env, CLIENT_SECRET: secret },
    detached: true,
  })
  t.teardown(() => stopped(app))
  const begin = async (): Promise<string> => {
    let response: Response | undefined
    await until(async () => {
      response = await fetch(`http://localhost:${appPort}/`, { redirect: 'manual' }).catch(() => undefined)
      return response !== undefined
    }, 'the app of the README')
    return response?.headers.get('location') ?? ''
  }
  const visitor = aVisitor(base)
  await visitor.visit(await begin())
  await visitor.submit('login-form', { username: 'alice', password: 'open sesame' }, 'login-submit')
  const { leaves } = await visitor.submit('consent-form', {}, 'consent-allow')
  t.match(await (await fetch(leaves?.href ?? '')).text(), /^Hello, [0-9a-f-]{36}$/, 'log in from your app')
}

const atAnApi = async (
  t: Test,
  { folder, here, token }: { folder: string; here: (text: string) => string; token: string },
) => {
  const script = `${here(apiCode)}\nconsole.log(JSON.stringify(await verify(process.argv[2])))`
  await writeFile(join(folder, 'api.mjs'), script)
  const { stdout } = await promisify(execFile)(process.execPath, ['api.mjs', token], { cwd: folder })
  t.match(JSON.parse(stdout), { client_id: 'demo-machine', scope: 'demo:read' }, 'protect your API')
  const forged = otherwiseSigned(token)
  await t.rejects(
    promisify(execFile)(process.execPath, ['api.mjs', forged], { cwd: folder }),
    'a forged token is refused',
  )

  const port = await freePort()
  await writeFile(join(folder, 'guard.mjs'), here(guardCode).replace('8090', String(port)))
  const guard = spawn(process.execPath, ['guard.mjs'], { cwd: folder, detached: true })
  t.teardown(() => stopped(guard))
  const ask = async (bearer: string) => {
    const headers = { authorization: `Bearer ${bearer}` }
    let response: Response | undefined
    await until(async () => {
      response = await fetch(`http://localhost:${port}/`, { headers }).catch(() => undefined)
      // Until it has the first list of what was revoked.
      return response !== undefined && response.status !== 503
    }, 'the API of the README')
    return { status: response?.status, text: await response?.text() }
  }
  t.same(await ask(token), { status: 200, text: 'orders of demo-machine' }, 'in three lines')
  t.equal((await ask(forged)).status, 401)
}
