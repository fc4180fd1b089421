// tsc leaves data files where they are; the built program needs them beside its modules.
import { chmodSync, copyFileSync } from 'node:fs';

copyFileSync('src/drivers/routeros/menus.json', 'dist/drivers/routeros/menus.json');
chmodSync('dist/main.js', 0o755);
