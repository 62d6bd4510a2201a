import { framed } from './document.tsx'
import { Alert, Field, Hidden, Username } from './form.tsx'
import { type Presentation, texts } from './language.ts'
import type { Texts } from './texts/en.ts'

export type FirstAdministrator = {
  /** Of the one-time link. */
  readonly token: string
  readonly csrf: string
  readonly minimumLength: number
  readonly username?: string | undefined
  readonly failure?: keyof Texts['administrator']['wrong'] | undefined
  readonly action: string
}

/** Sends `username`, `password` and `password_again`. */
export const firstAdministratorPage = (data: FirstAdministrator, presentation: Presentation): string => {
  const t = texts[presentation.language]
  const words = t.administrator
  const { failure } = data
  const ofName = failure === 'username' || failure === 'taken'
  return framed(
    {
      title: words.title,
      children: (
        <>
          <div class="stack">
            <h1>{words.title}</h1>
            <p class="muted tight">{words.text}</p>
          </div>
          <form id="administrator-form" method="post" action={data.action}>
            <Hidden
              fields={[
                ['token', data.token],
                ['csrf', data.csrf],
              ]}
            />
            {failure && <Alert id="administrator-error">{words.wrong[failure]}</Alert>}
            <Username
              label={t.username}
              maxLength={200}
              value={data.username ?? ''}
              wrong={ofName ? 'administrator-error' : undefined}
            />
            <Field
              name="password"
              label={t.password}
              hint={words.password(data.minimumLength)}
              type="password"
              autocomplete="new-password"
              required
              minLength={data.minimumLength}
              wrong={failure && !ofName ? 'administrator-error' : undefined}
            />
            <Field
              name="password_again"
              label={words.again}
              type="password"
              autocomplete="new-password"
              required
              wrong={failure === 'mismatch' ? 'administrator-error' : undefined}
            />
            <div class="buttons">
              <button id="administrator-submit" class="primary" type="submit">
                {words.submit}
              </button>
            </div>
          </form>
        </>
      ),
    },
    presentation,
  )
}

export const administratorDonePage = (
  data: { readonly username: string; readonly next: string },
  presentation: Presentation,
): string => {
  const words = texts[presentation.language].administrator
  return framed(
    {
      title: words.doneTitle,
      children: (
        <div id="administrator-done" class="stack">
          <h1>{words.doneTitle}</h1>
          <p>{words.done(data.username)}</p>
          <a class="button primary" href={data.next}>
            {words.goOn}
          </a>
        </div>
      ),
    },
    presentation,
  )
}
