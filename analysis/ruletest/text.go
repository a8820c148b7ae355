package ruletest

import (
	"fmt"
	"reflect"
	"strings"

	"connlint/analysis/timeline"
	"connlint/capture"
)

// text is what a record says: its exported fields and those of all it points
// to, in the order of their declaration. A pair is left out, which is a record
// of its own and still goes on.
func text(record any) string {
	var b strings.Builder
	write(&b, reflect.ValueOf(record))
	return b.String()
}

func write(b *strings.Builder, v reflect.Value) {
	switch x := v.Interface().(type) {
	case *timeline.Pair:
		return
	case capture.Frame:
		fmt.Fprintf(b, "%d/%d@%d ", x.Source(), x.Number(), x.Time)
		return
	case fmt.Stringer:
		if v.Kind() != reflect.Pointer || !v.IsNil() {
			b.WriteString(x.String() + " ")
			return
		}
	case []byte:
		fmt.Fprintf(b, "%q ", x)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			b.WriteString("none ")
			return
		}
		write(b, v.Elem())
	case reflect.Struct:
		writeStruct(b, v)
	case reflect.Slice, reflect.Array:
		b.WriteString("[")
		for i := range v.Len() {
			write(b, v.Index(i))
		}
		b.WriteString("] ")
	default:
		fmt.Fprintf(b, "%v ", v.Interface())
	}
}

// writeStruct passes over unexported fields, which are the owner's business;
// a type that has no others is a value and printed whole.
func writeStruct(b *strings.Builder, v reflect.Value) {
	exported := 0
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		exported++
		if f.Type == reflect.TypeFor[*timeline.Pair]() {
			continue
		}
		b.WriteString(f.Name + ":")
		write(b, v.Field(i))
	}
	if exported == 0 {
		fmt.Fprintf(b, "%+v ", v.Interface())
	}
}
