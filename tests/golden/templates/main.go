// Command templates evaluates templates as BubuStack's operator does: text/template of Go with the
// functions of Sprig that it lets in, and some of its own.
//
// It reads questions and writes answers, each a line of JSON.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

// A question is a template, and what an object does that lacks a key: zero, error or default.
type question struct {
	Template string         `json:"template"`
	Data     map[string]any `json:"data"`
	Missing  string         `json:"missing"`
	Plain    bool           `json:"plain"`
}

// An answer is the text that the template came to, or at which stage it failed.
type answer struct {
	Result string `json:"result"`
	Failed string `json:"failed,omitempty"`
	Detail string `json:"detail,omitempty"`
}

var moment = time.Date(2024, time.February, 9, 14, 3, 5, 123456000, time.UTC)

var names = []string{
	"date", "date_in_zone", "date_modify", "dateInZone", "dateModify", "duration", "durationRound",
	"htmlDate", "htmlDateInZone", "must_date_modify", "mustDateModify", "mustToDate", "toDate",
	"unixEpoch",
	"abbrev", "abbrevboth", "trunc", "trim", "upper", "lower", "title", "untitle", "substr",
	"trimall", "trimAll", "trimSuffix", "trimPrefix", "nospace", "initials", "snakecase",
	"camelcase", "kebabcase", "wrap", "wrapWith", "contains", "hasPrefix", "hasSuffix", "quote",
	"squote", "cat", "indent", "nindent", "replace", "plural", "toString",
	"sha1sum", "sha256sum", "adler32sum",
	"atoi", "int64", "int", "float64", "toDecimal", "add1", "add", "sub", "div", "mod", "mul",
	"add1f", "addf", "subf", "divf", "mulf", "biggest", "max", "min", "maxf", "minf", "ceil",
	"floor", "round",
	"split", "splitList", "splitn", "toStrings", "join", "sortAlpha",
	"default", "empty", "coalesce", "all", "any", "compact", "mustCompact", "ternary",
	"fromJson", "toJson", "toPrettyJson", "toRawJson",
	"mustFromJson", "mustToJson", "mustToPrettyJson", "mustToRawJson",
	"typeOf", "typeIs", "typeIsLike", "kindOf", "kindIs", "deepEqual",
	"base", "dir", "clean", "ext", "isAbs", "osBase", "osClean", "osDir", "osExt", "osIsAbs",
	"b64enc", "b64dec", "b32enc", "b32dec",
	"tuple", "list", "dict", "get", "hasKey", "pluck", "keys", "pick", "omit", "values",
	"append", "push", "mustAppend", "mustPush", "prepend", "mustPrepend",
	"first", "mustFirst", "rest", "mustRest", "last", "mustLast", "initial", "mustInitial",
	"reverse", "mustReverse", "uniq", "mustUniq", "without", "mustWithout", "has", "mustHas",
	"slice", "mustSlice", "concat", "dig",
	"semver", "semverCompare", "fail",
}

func functions() template.FuncMap {
	every := sprig.TxtFuncMap()
	chosen := template.FuncMap{}
	for _, name := range names {
		chosen[name] = every[name]
	}
	chosen["now"] = func() time.Time { return moment }
	chosen["len"] = length
	chosen["hash_of"] = hash
	chosen["type_of"] = typeOf
	chosen["exists"] = func(value any) bool { return value != nil }
	chosen["sample"] = func(value any) any { return value }
	return chosen
}

func length(value any) (int, error) {
	switch typed := value.(type) {
	case nil:
		return 0, nil
	case string:
		return len(typed), nil
	case []any:
		return len(typed), nil
	case []string:
		return len(typed), nil
	case map[string]any:
		return len(typed), nil
	case map[string]string:
		return len(typed), nil
	}
	return 0, fmt.Errorf("no length: %T", value)
}

func hash(value any) (string, error) {
	text, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("no hash: %T", value)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:]), nil
}

func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "bool"
	case int, int64, float64, uint8:
		return "number"
	case []any, []string:
		return "array"
	case complex128:
		return "complex128"
	}
	return "object"
}

func evaluate(asked question, functions template.FuncMap) (given answer) {
	defer func() {
		if trouble := recover(); trouble != nil {
			given = answer{Failed: "execute", Detail: fmt.Sprint(trouble)}
		}
	}()
	empty := template.New("bubu")
	if !asked.Plain {
		empty = empty.Funcs(functions)
	}
	read, err := empty.Option("missingkey=" + asked.Missing).Parse(asked.Template)
	if err != nil {
		return answer{Failed: "parse", Detail: err.Error()}
	}
	var text bytes.Buffer
	if err := read.Execute(&text, asked.Data); err != nil {
		return answer{Failed: "execute", Detail: err.Error()}
	}
	return answer{Result: text.String()}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	known := functions()
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := answers.Encode(evaluate(asked, known)); err != nil {
			panic(err)
		}
		if err := out.Flush(); err != nil {
			panic(err)
		}
	}
}
