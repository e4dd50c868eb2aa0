// The M of the Power BI project, read by Microsoft's own parser.  TAP.
'use strict';

const fs = require('fs');
const path = require('path');
const { DefaultSettings, TaskUtils } = require('@microsoft/powerquery-parser');

const MODEL = path.join(__dirname, '..', '..', 'powerbi', 'Engage.SemanticModel', 'definition');

// [where, M] of every partition and every expression
function sources() {
	const found = [];
	for (const file of fs.readdirSync(path.join(MODEL, 'tables')).sort()) {
		const text = fs.readFileSync(path.join(MODEL, 'tables', file), 'utf8');
		const body = /\n\t\tsource =\n((?:\t\t\t.*\n)+)/.exec(text);
		found.push([file, body ? body[1] : '']);
	}
	const text = fs.readFileSync(path.join(MODEL, 'expressions.tmdl'), 'utf8');
	for (const match of text.matchAll(/^expression (\w+) = (.*)$/gm)) {
		found.push([match[1], match[2]]);
	}
	return found;
}

async function parses(text) {
	return TaskUtils.isParseStageOk(await TaskUtils.tryLexParse(DefaultSettings, text));
}

(async () => {
	let number = 0;
	let failed = 0;
	const check = (holds, what) => {
		number++;
		failed += holds ? 0 : 1;
		console.log(`${holds ? 'ok' : 'not ok'} ${number} - ${what}`);
	};
	for (const [where, text] of sources()) {
		check(text.trim() !== '' && await parses(text), `M of ${where}`);
	}
	check(!await parses('let a = 1, in a'), 'broken M is found');
	check(!await parses('let a = Source{[Schema="engage_bi"]} in'), 'M without a result is found');
	console.log(`1..${number}`);
	process.exit(failed > 0 ? 1 : 0);
})();
