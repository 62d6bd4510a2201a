/** For what must know its port before it listens. Never the same twice, nor that of a test that runs beside. */
export declare const freePort: () => Promise<number>
