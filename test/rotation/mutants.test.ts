import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { bundleMutant, type Mutation } from '../support/bundle.ts'
import { type Invariant, invariants } from './invariants.ts'

type Mutant = Mutation & { readonly name: string; readonly breaks: Invariant; readonly story: string }

const families = 'src/storage/families.ts'
const refresh = 'src/storage/family-refresh.ts'
const judge = 'src/oauth/tokens/family.ts'
const grant = 'src/oauth/grants/refresh-token.ts'

/** What a careless change could do to rotation, and the invariant by which it must be noticed. */
const mutants: readonly Mutant[] = [
  {
    name: 'drop the compare-and-set',
    breaks: 'ancestors',
    story: 'ancestor',
    file: refresh,
    from: 'f.generation = $3 AND f.refreshable',
    to: 'f.refreshable',
  },
  {
    name: 'revoke inside a transaction that the refusal rolls back',
    breaks: 'deadStaysDead',
    story: 'thief',
    file: families,
    from: `      const [row] = await database.rows(revoke,`,
    to: `      await database.transaction(async (tx) => {
        await tx.$executeRawUnsafe('UPDATE token_families SET revoked_at = now() WHERE id = $1::uuid', id)
        throw new RangeError('refused')
      }).catch((error) => { if (!(error instanceof RangeError)) throw error })
      if (reason !== 'revoked_by_client') return true
      const [row] = await database.rows(revoke,`,
  },
  {
    name: 'extend the window at each retry',
    breaks: 'windowStands',
    story: 'lost',
    file: judge,
    from: 'numericDate(now) - numericDate(issuedAt)',
    to: 'numericDate(now) - Math.max(numericDate(issuedAt), numericDate(family.lastUsedAt))',
  },
  {
    name: 'return a sibling: each retry gets a successor of its own',
    breaks: 'oneSuccessor',
    story: 'lost',
    file: grant,
    from: `return { by: 'person', family, pair, nonce: undefined }
    }`,
    to: `const live = { ...family.live, generation: family.live.generation + family.retries + 1 }
      return { by: 'person', family: { ...family, live }, pair, nonce: undefined }
    }`,
  },
  {
    name: 'accept a grandparent',
    breaks: 'ancestors',
    story: 'ancestor',
    file: judge,
    from: "if (presented.generation === live - 2 && inWindow) return { is: 'stale' }",
    to: "if (presented.generation === live - 2 && inWindow) return { is: 'retried' }",
  },
  {
    name: 'forget the client check before the replay branch',
    breaks: 'presenter',
    story: 'stranger',
    file: judge,
    from: 'if (!family?.refreshable || !isPresenter(family, presented))',
    to: 'if (!family?.refreshable)',
  },
  {
    name: 'let a retry slide the idle expiry',
    breaks: 'retryExtends',
    story: 'lost',
    file: families,
    from: 'UPDATE token_families SET retries = retries + 1,',
    to: "UPDATE token_families SET retries = retries + 1, idle_expires_at = $2::timestamptz + interval '400 s',",
  },
  {
    name: 'tell of each end again',
    breaks: 'oneEvent',
    story: 'ends',
    file: families,
    from: 'revoke_reason = $2 WHERE id = $1 AND revoked_at IS NULL',
    to: 'revoke_reason = $2 WHERE id = $1',
  },
]

/** The invariants that the stories found broken, in a process whose server has the mutation. */
const told = async (
  name: string,
  mutation?: Mutation,
  story?: string,
): Promise<{ readonly broken: readonly string[]; readonly said: string }> => {
  const program = await bundleMutant('test/rotation/stories.ts', name.replaceAll(/\W+/g, '-'), mutation)
  const args = story === undefined ? [program] : [program, story]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 300_000 })
  return { broken: JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), said: stderr }
}

t.test('T19 the stories hold without a mutation', async (t) => {
  const { broken, said } = await told('none')
  t.same(broken, [], said)
})

t.test('T19 a mutation that no longer applies is an error', async (t) => {
  await t.rejects(told('gone', { file: judge, from: 'there is no such text', to: '' }), { message: /has 0 times/ })
})

t.test('T19 every mutant is noticed', { jobs: 2 }, async (t) => {
  for (const mutant of mutants)
    t.test(`${mutant.name}: ${invariants[mutant.breaks]}`, async (t) => {
      const { broken, said } = await told(mutant.name, mutant, mutant.story)
      t.ok(broken.includes(mutant.breaks), `broken: ${broken.join(', ')}`, { said })
    })
})
