import type { Language } from '../language.ts'

const s = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

/** Of the page that says what an act ends before it ends it. */
const en = {
  title: {
    session: (what: string) => `Log out ${what}?`,
    family: (what: string) => `End the login of ${what}?`,
    user: (what: string) => `End everything of ${what}?`,
    app: (what: string) => `Disconnect ${what}?`,
    client: (what: string) => `End everything of ${what}?`,
    all: () => 'End everything of everybody?',
  },
  ends: 'This ends now:',
  sessions: (count: number) => s(count, 'session', 'sessions'),
  families: (count: number) => s(count, 'login in an app', 'logins in apps'),
  codes: (count: number) => s(count, 'pending code', 'pending codes'),
  means: {
    session: 'The person has to log in again on that device.',
    family: 'The app has to ask the person to log in again.',
    user: 'The person has to log in again everywhere, and may do so at once.',
    app: 'The app has to ask the person again.',
    client: 'People have to log in to the app again. It may ask them at once, and tokens of its own stop working too.',
    all: 'Everybody has to log in again, you too. Every token of every app stops working.',
  },
  submit: 'End it',
  back: 'Go back',
  again: {
    absent: 'This ends much at once. Read what it ends, then confirm.',
    foreign: 'The page was not for this. Read what it ends, then confirm.',
    expired: 'The page was open for too long. Read what it ends now, then confirm.',
    grown: 'Much more was added meanwhile. Read what it ends now, then confirm.',
  },
}

export type RevokeTexts = typeof en

const ko: RevokeTexts = {
  title: {
    session: (what) => `${what}에서 로그아웃할까요?`,
    family: (what) => `${what} 로그인을 끝낼까요?`,
    user: (what) => `${what} 계정의 로그인을 모두 끝낼까요?`,
    app: (what) => `${what} 연결을 끊을까요?`,
    client: (what) => `${what} 앱의 로그인을 모두 끝낼까요?`,
    all: () => '모든 사람의 로그인을 모두 끝낼까요?',
  },
  ends: '지금 끝나는 것:',
  sessions: (count) => `세션 ${count}개`,
  families: (count) => `앱 로그인 ${count}개`,
  codes: (count) => `대기 중인 코드 ${count}개`,
  means: {
    session: '그 기기에서는 다시 로그인해야 해요.',
    family: '앱에서 다시 로그인해야 해요.',
    user: '사용자는 모든 곳에서 다시 로그인해야 해요. 바로 다시 로그인할 수 있어요.',
    app: '앱에서 다시 동의를 받아야 해요.',
    client: '모두 앱에 다시 로그인해야 해요. 바로 다시 로그인할 수 있고, 앱이 스스로 받은 토큰도 더 이상 쓸 수 없어요.',
    all: '나를 포함해 모두 다시 로그인해야 해요. 모든 앱의 모든 토큰을 더 이상 쓸 수 없어요.',
  },
  submit: '끝내기',
  back: '돌아가기',
  again: {
    absent: '한꺼번에 많은 것이 끝나요. 무엇이 끝나는지 읽고 확인해 주세요.',
    foreign: '이 작업을 위한 페이지가 아니었어요. 무엇이 끝나는지 읽고 확인해 주세요.',
    expired: '페이지를 연 지 너무 오래됐어요. 지금 무엇이 끝나는지 읽고 다시 확인해 주세요.',
    grown: '그동안 많이 늘었어요. 지금 무엇이 끝나는지 읽고 다시 확인해 주세요.',
  },
}

export const revokeTexts: Readonly<Record<Language, RevokeTexts>> = { en, ko }
