package reassembly

import (
	"reflect"
	"testing"
	"unsafe"
)

// A million open connections are a target of the project; each one is a
// record, and the garbage collector must not have to look into it.
func TestConnectionIsSmallAndFlat(t *testing.T) {
	const limit = 552
	if n := unsafe.Sizeof(Connection{}); n > limit {
		t.Errorf("a connection takes %d bytes, more than %d", n, limit)
	}
	t.Log("bytes:", unsafe.Sizeof(Connection{}), "flow", unsafe.Sizeof(Flow{}), "handshake", unsafe.Sizeof(Handshake{}),
		"teardown", unsafe.Sizeof(Teardown{}), "history", unsafe.Sizeof(History{}), "sent record", unsafe.Sizeof(sentRecord{}), "piece", unsafe.Sizeof(piece{}))
	flat(t, "Connection", reflect.TypeFor[Connection]())
	flat(t, "sentRecord", reflect.TypeFor[sentRecord]())
}

func flat(t *testing.T, path string, typ reflect.Type) {
	switch typ.Kind() {
	case reflect.Struct:
		for i := range typ.NumField() {
			flat(t, path+"."+typ.Field(i).Name, typ.Field(i).Type)
		}
	case reflect.Array:
		flat(t, path+"[]", typ.Elem())
	case reflect.Pointer, reflect.Slice, reflect.String, reflect.Map, reflect.Chan, reflect.Func, reflect.Interface, reflect.UnsafePointer:
		t.Errorf("%s is a %s: the collector has to scan it", path, typ.Kind())
	}
}
