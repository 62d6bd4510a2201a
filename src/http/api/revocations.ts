import Type, { type Static } from 'typebox'
import { confirmationLifetime, confirmationPattern } from '../../administration/confirmation.ts'
import { type Administration, isBulk, type Revoked } from '../../administration/index.ts'
import type { Clock } from '../../clock.ts'
import type { Ended, Target } from '../../identity/ending.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { acting, type Endpoint } from './endpoint.ts'
import { missing } from './lists.ts'
import { clientId, uuid } from './parameters.ts'

const strict = { additionalProperties: false }

export const TargetShape = Type.Union(
  [
    Type.Object({ kind: Type.Enum(['session', 'family', 'user']), id: uuid('`sid`, family id or `sub`') }, strict),
    Type.Object({ kind: Type.Literal('client'), id: clientId('`client_id`') }, strict),
    Type.Object({ kind: Type.Literal('app'), user: uuid('`sub`'), client: clientId('`client_id`') }, strict),
    Type.Object({ kind: Type.Literal('all') }, strict),
  ],
  {
    description:
      '`kind` session, family, user or client, with its `id`; `kind` app, with `user` and `client`; or `kind` all alone',
  },
)

const Asked = Type.Object(
  {
    target: TargetShape,
    preview: Type.Boolean({ description: 'true says what would end, and changes nothing' }),
    confirmation: Type.Optional(
      Type.String({
        pattern: confirmationPattern,
        description: `what a preview of the same target by the same caller answered, at most ${confirmationLifetime} seconds ago; needed for a user, a client and for all`,
      }),
    ),
  },
  strict,
)

const Answer = Type.Object(
  {
    target: TargetShape,
    preview: Type.Boolean(),
    sessions: Type.Integer({ minimum: 0 }),
    families: Type.Integer({ minimum: 0 }),
    codes: Type.Integer({ minimum: 0, description: 'authorization codes that were waiting' }),
    confirmation: Type.Union([Type.String(), Type.Null()]),
  },
  strict,
)

const targetOf = (asked: Static<typeof TargetShape>): Target => {
  switch (asked.kind) {
    case 'all':
      return { of: 'all' }
    case 'app':
      return { of: 'app', userId: asked.user, clientId: asked.client }
    default:
      return { of: asked.kind, id: asked.id }
  }
}

const missingTarget = ({ of }: Target): OAuthError =>
  of === 'app'
    ? new OAuthError('not_found', 'This person is not connected with this app, or not any more.')
    : missing(of)

const unconfirmed: Readonly<Record<Extract<Revoked, { is: 'unconfirmed' }>['why'], string>> = {
  absent: 'This ends much at once. Ask for a preview first, and send its confirmation.',
  foreign: 'The confirmation is not one for this target and this caller. Ask for a preview.',
  expired: 'The confirmation has expired. Ask for a preview again.',
  grown: 'This would end many more than the preview said. Ask for a preview again.',
}

export const revocations = (administration: Administration, clock: Clock): Endpoint =>
  acting({
    path: '/revocations',
    summary:
      'Ends a session, a family, all of a person, an app of a person, a client, or everything; or says what would end',
    parameters: Type.Object({}, strict),
    body: Asked,
    answers: Answer,
    async handle({ body }, by, demandRecentLogin) {
      const target = targetOf(body.target)
      const answer = (ends: Ended, confirmation: string | undefined) => ({
        target: body.target,
        preview: body.preview,
        ...ends,
        confirmation: confirmation ?? null,
      })
      if (body.preview) {
        const told = await administration.preview(target, by, clock.now())
        if (!told) throw missingTarget(target)
        return answer(told.ends, told.confirmation)
      }
      if (isBulk(target)) demandRecentLogin()
      const result = await administration.revoke(target, by, body.confirmation, clock.now())
      if (result.is === 'missing') throw missingTarget(target)
      if (result.is === 'unconfirmed')
        throw new OAuthError('confirmation_required', unconfirmed[result.why], `the confirmation is ${result.why}`)
      return answer(result.ended, undefined)
    },
  })
