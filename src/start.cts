// libuv reads the size of its thread pool at the pool's first use. Node 20 uses it to load an ES module, so only a
// CommonJS entry comes early enough. Signing and password hashing share the pool: two cores keep eight threads busy.
process.env.UV_THREADPOOL_SIZE ??= '8'
import('./main.ts')
