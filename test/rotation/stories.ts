import * as commands from './commands.ts'
import { Broken, type Invariant } from './invariants.ts'
import { sweep } from './probe.ts'
import { aStory, issue, type Shape } from './story.ts'
import { aWorld, resources } from './world.ts'

/**
 * A few stories, always the same, of the kind that random ones are made of. As a process of its own, so that a source
 * text of the server can be exchanged before it is loaded: what they find broken is the last line of the output. An argument names the only ones to be told.
 */
const { burst, killDuring, logIn, logOut, pass, passTo, present, refresh, restart, revoke, steal, wrongPresenter } =
  commands

type Script = { readonly name: string; readonly shape: Shape; readonly commands: readonly commands.Command[] }
const confidential = { public: false, window: undefined }
const publicApp = { public: true, window: undefined }
const bystander = logIn({ scope: ['read'] }, 1)

const scripts: readonly Script[] = [
  // An answer is lost, and asked for again: at once, later, at the window's edge, and after it.
  {
    name: 'lost',
    shape: publicApp,
    commands: [
      refresh(0, 0, {}, 0, true),
      present(0, 1, {}, 1),
      pass(20),
      present(0, 1, {}, 1),
      present(0, 1, { scope: ['read'] }, 0),
      present(0, 1, { scope: ['admin'] }, 0),
      passTo(0, 'window', 0),
      present(0, 1, {}, 0),
      pass(1),
      present(0, 1, {}, 1),
    ],
  },
  // A token before the last.
  {
    name: 'ancestor',
    shape: confidential,
    commands: [
      bystander,
      refresh(0, 0, {}, 0, false),
      refresh(0, 0, {}, 1, false),
      present(0, 2, {}, 0),
      present(8, 0, {}, 1),
    ],
  },
  {
    name: 'ancestor',
    shape: confidential,
    commands: [
      refresh(0, 0, {}, 0, false),
      refresh(0, 0, {}, 0, false),
      refresh(0, 0, {}, 1, false),
      present(0, 3, {}, 1),
    ],
  },
  // The thief comes second, after the window; the owner finds out, and so does the thief.
  {
    name: 'thief',
    shape: confidential,
    commands: [
      steal(0),
      bystander,
      refresh(0, 0, {}, 0, false),
      passTo(0, 'window', 1),
      refresh(0, 1, {}, 1, false),
      present(8, 0, {}, 0),
      present(8, 1, {}, 1),
      burst(8, 1, 6),
    ],
  },
  // Nobody else may redeem it, nor end anything by trying.
  {
    name: 'stranger',
    shape: confidential,
    commands: [
      refresh(0, 0, {}, 0, false),
      refresh(0, 0, {}, 0, false),
      wrongPresenter(0, 0, 0, 'refresh'),
      wrongPresenter(0, 2, 1, 'refresh'),
      wrongPresenter(0, 0, 0, 'revoke'),
      refresh(0, 0, { resource: resources[0] }, 1, false),
    ],
  },
  // Everybody at once, and a server that dies in the midst of it.
  {
    name: 'race',
    shape: confidential,
    commands: [
      burst(0, 0, 6),
      burst(0, 0, 6),
      killDuring(0, 0, 1, 'after', 0),
      restart(),
      killDuring(0, 1, 2, 'before', 1),
      refresh(0, 0, {}, 0, false),
    ],
  },
  {
    name: 'ends',
    shape: confidential,
    commands: [bystander, revoke(0, 0), revoke(8, 1), present(8, 0, {}, 1), bystander, logOut(), present(8, 1, {}, 0)],
  },
  {
    name: 'expiry',
    shape: confidential,
    commands: [refresh(0, 0, {}, 0, false), passTo(0, 'idle', 0), present(0, 0, {}, 1), present(0, 1, {}, 1)],
  },
]

const [only] = process.argv.slice(2)
const ends: (() => unknown)[] = []
const world = await aWorld({ teardown: (end) => void ends.unshift(end) })
const broken: Invariant[] = []
for (const { shape, commands } of scripts.filter(({ name }) => !only || name === only)) {
  const story = await aStory(world, shape)
  await issue(story, { scope: ['offline_access', 'openid', 'read'] }, 0)
  try {
    for (const command of commands) if (await command.check(story)) await command.run(story, story)
    for (const server of [await world.at(0), await world.at(1)]) await sweep(story, server)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    process.stderr.write(`${error.message}\n`)
    broken.push(error.invariant)
  }
}
for (const end of ends) await end()
process.stdout.write(`${JSON.stringify(broken)}\n`)
