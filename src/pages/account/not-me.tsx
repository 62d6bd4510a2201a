import { Alert, Field, Hidden, shownTo } from '../form.tsx'
import { type Presentation, texts } from '../language.ts'
import { failureWords, type LoginFailure } from '../login.tsx'
import { accountTexts } from '../texts/account.ts'
import { type AccountFrame, accountFrame } from './frame.tsx'

export type NotMe = AccountFrame & {
  readonly devices: number
  readonly logins: number
  readonly failure?: LoginFailure | undefined
}

/** Says what it will end before it ends it. Sends `password`. */
export const notMePage = (data: NotMe, presentation: Presentation): string => {
  const words = accountTexts[presentation.language].everything
  const t = texts[presentation.language]
  return accountFrame(
    {
      base: data.base,
      place: 'account',
      children: (
        <>
          <div class="stack">
            <h1>{words.title}</h1>
            <p>{words.text}</p>
            <ul class="list">
              <li>{words.ends(data.devices, data.logins)}</li>
              <li>{words.next}</li>
            </ul>
          </div>
          <form id="not-me-form" class="narrow" method="post" action={`${data.base}/account/not-me`}>
            <Hidden fields={[['csrf', data.csrf], ...shownTo(data.person)]} />
            {data.failure && <Alert id="not-me-error">{failureWords(data.failure, true, t)}</Alert>}
            <Field
              name="password"
              label={t.password}
              hint={words.confirm}
              type="password"
              autocomplete="current-password"
              required
              wrong={data.failure?.is === 'wrong' ? 'not-me-error' : undefined}
            />
            <div class="buttons">
              <button id="not-me-submit" class="danger" type="submit">
                {words.submit}
              </button>
              <a class="button quiet" href={`${data.base}/account`}>
                {words.back}
              </a>
            </div>
          </form>
        </>
      ),
    },
    presentation,
  )
}
