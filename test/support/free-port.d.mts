/** For what must know its port before it listens. Never the same twice, nor that of a test of the same run. */
export declare const freePort: () => Promise<number>
