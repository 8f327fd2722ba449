// Reads one JSON object a line, {"expr", "bindings"}, evaluates it with cel-go (parse only, dynamic
// bindings) and writes {"value"} or {"error"}: the reference that tests/conformance/expr_eval is
// compared with.
//
// Two things are as tandem's documented subset has them: a map's keys are strings, and a macro visits
// them in the order of their bytes, which CEL leaves open. Functions outside the subset are unknown.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	celenv "cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// sortedMap is a map whose keys are visited in the order of their bytes.
type sortedMap struct{ traits.Mapper }

type keyIterator struct {
	traits.Iterator
	keys []ref.Val
	next int
}

func (it *keyIterator) HasNext() ref.Val { return types.Bool(it.next < len(it.keys)) }

func (it *keyIterator) Next() ref.Val {
	if it.next >= len(it.keys) {
		return nil
	}
	it.next++
	return it.keys[it.next-1]
}

func (m sortedMap) Iterator() traits.Iterator {
	inner := m.Mapper.Iterator()
	it := &keyIterator{Iterator: inner}
	for inner.HasNext() == types.True {
		it.keys = append(it.keys, inner.Next())
	}
	sort.Slice(it.keys, func(i, j int) bool {
		return fmt.Sprint(it.keys[i].Value()) < fmt.Sprint(it.keys[j].Value())
	})
	return it
}

// sortedAdapter makes every bound map a sortedMap.
type sortedAdapter struct{ types.Adapter }

func (a sortedAdapter) NativeToValue(value any) ref.Val {
	return sorted(a.Adapter.NativeToValue(value))
}

// sortedLiteral makes the value of a map literal a sortedMap, and refuses keys that are no strings.
type sortedLiteral struct{ interpreter.InterpretableV2 }

func (l sortedLiteral) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	value := sorted(l.InterpretableV2.Exec(frame))
	if mapper, ok := value.(sortedMap); ok {
		for it := mapper.Mapper.Iterator(); it.HasNext() == types.True; {
			if key := it.Next(); key.Type() != types.StringType {
				return types.NewErr("a map key of type %s", key.Type().TypeName())
			}
		}
	}
	return value
}

func (l sortedLiteral) Eval(vars interpreter.Activation) ref.Val {
	return l.Exec(interpreter.AsFrame(vars))
}

func sortLiterals(step interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	if literal, ok := step.(interpreter.InterpretableConstructor); ok && literal.Type() == types.MapType {
		return sortedLiteral{step}, nil
	}
	return step, nil
}

func sorted(value ref.Val) ref.Val {
	if _, done := value.(sortedMap); done {
		return value
	}
	if mapper, ok := value.(traits.Mapper); ok {
		return sortedMap{mapper}
	}
	return value
}

// native turns a decoded JSON value into what cel-go binds: integers are int64, others float64.
func native(value any) (any, error) {
	switch v := value.(type) {
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return v.Float64()
		}
		return strconv.ParseInt(v.String(), 10, 64)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			converted, err := native(item)
			if err != nil {
				return nil, err
			}
			list[i] = converted
		}
		return list, nil
	case map[string]any:
		if text, ok := v["double"].(string); ok && len(v) == 1 {
			switch text {
			case "NaN":
				return math.NaN(), nil
			case "Infinity":
				return math.Inf(1), nil
			case "-Infinity":
				return math.Inf(-1), nil
			}
		}
		out := make(map[string]any, len(v))
		for key, item := range v {
			converted, err := native(item)
			if err != nil {
				return nil, err
			}
			out[key] = converted
		}
		return out, nil
	}
	return value, nil
}

func writeDouble(out *bytes.Buffer, v float64) {
	switch {
	case math.IsNaN(v):
		out.WriteString(`{"double":"NaN"}`)
	case math.IsInf(v, 1):
		out.WriteString(`{"double":"Infinity"}`)
	case math.IsInf(v, -1):
		out.WriteString(`{"double":"-Infinity"}`)
	default:
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		out.WriteString(text)
	}
}

func write(out *bytes.Buffer, value ref.Val) error {
	switch v := value.(type) {
	case types.Null:
		out.WriteString("null")
	case types.Bool:
		out.WriteString(strconv.FormatBool(bool(v)))
	case types.Int:
		out.WriteString(strconv.FormatInt(int64(v), 10))
	case types.Double:
		writeDouble(out, float64(v))
	case types.String:
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(string(v)); err != nil {
			return err
		}
		out.Truncate(out.Len() - 1) // the encoder's new line
	case traits.Mapper:
		out.WriteByte('{')
		first := true
		for it := sorted(v).(sortedMap).Iterator(); it.HasNext() == types.True; {
			key, ok := it.Next().(types.String)
			if !ok {
				return fmt.Errorf("a map key that is no string")
			}
			if !first {
				out.WriteByte(',')
			}
			first = false
			if err := write(out, key); err != nil {
				return err
			}
			out.WriteByte(':')
			if err := write(out, v.Get(key)); err != nil {
				return err
			}
		}
		out.WriteByte('}')
	case traits.Lister:
		out.WriteByte('[')
		size := int(v.Size().(types.Int))
		for i := 0; i < size; i++ {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := write(out, v.Get(types.Int(i))); err != nil {
				return err
			}
		}
		out.WriteByte(']')
	default:
		return fmt.Errorf("a result of type %s", value.Type().TypeName())
	}
	return nil
}

func evaluate(env *cel.Env, line []byte) (ref.Val, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var request struct {
		Expr     string         `json:"expr"`
		Bindings map[string]any `json:"bindings"`
	}
	if err := decoder.Decode(&request); err != nil {
		return nil, err
	}
	bindings := map[string]any{}
	for name, value := range request.Bindings {
		converted, err := native(value)
		if err != nil {
			return nil, err
		}
		bindings[name] = converted
	}
	ast, issues := env.Parse(request.Expr)
	if issues != nil && issues.Err() != nil {
		return nil, issues.Err()
	}
	program, err := env.Program(ast, cel.CustomDecoratorV2(sortLiterals))
	if err != nil {
		return nil, err
	}
	value, _, err := program.Eval(bindings)
	return value, err
}

// outside are the standard functions that the subset leaves out.
var outside = []string{
	"bool", "bytes", "duration", "dyn", "timestamp", "type", "uint",
	"getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours",
	"getMilliseconds", "getMinutes", "getMonth", "getSeconds",
}

func main() {
	subset := celenv.NewLibrarySubset()
	for _, name := range outside {
		subset.AddExcludedFunctions(celenv.NewFunction(name))
	}
	env, err := cel.NewCustomEnv(cel.StdLib(cel.StdLibSubset(subset)))
	if err == nil {
		env, err = env.Extend(cel.CustomTypeAdapter(sortedAdapter{env.CELTypeAdapter()}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cel_eval:", err)
		os.Exit(1)
	}
	debug.SetGCPercent(800)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var answer bytes.Buffer
			value, failure := evaluate(env, line)
			if failure == nil {
				answer.WriteString(`{"value":`)
				failure = write(&answer, value)
				answer.WriteByte('}')
			}
			if failure != nil {
				answer.Reset()
				message, _ := json.Marshal(failure.Error())
				answer.WriteString(`{"error":`)
				answer.Write(message)
				answer.WriteByte('}')
			}
			answer.WriteByte('\n')
			out.Write(answer.Bytes())
		}
		if err != nil {
			return
		}
	}
}
