// Says at the end which modules the process has loaded, on standard error.
import { registerHooks } from 'node:module';

const files = [];
registerHooks({
  load(url, context, next) {
    files.push(url);
    return next(url, context);
  },
});
process.on('exit', () => process.stderr.write([...files, ...process.moduleLoadList].join('\n')));
