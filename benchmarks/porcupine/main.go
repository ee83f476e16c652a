// Porcupine on the same files: seconds for each, without reading them.
// Usage: main etcd FILE... | kv FILE...  Prints one line "SECONDS RESULT FILE" each; stops a file after 30 s.
package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

const limit = 30 * time.Second

type etcdIn struct{ op, a, b int } // op: 0 read, 1 write, 2 cas
type etcdOut struct {
	ok, exists, unknown bool
	value               int
}

const none = -1 << 62

var etcd = porcupine.Model{
	Init: func() any { return none },
	Step: func(state, input, output any) (bool, any) {
		s, in, out := state.(int), input.(etcdIn), output.(etcdOut)
		switch in.op {
		case 0:
			return out.unknown || (!out.exists && s == none) || (out.exists && s == out.value), s
		case 1:
			return true, in.a
		}
		if s == in.a {
			return out.ok || out.unknown, in.b
		}
		return !out.ok || out.unknown, s
	},
}

type kvIn struct {
	op         int // 0 get, 1 put, 2 append
	key, value string
}

var kv = porcupine.Model{
	PartitionEvent: func(events []porcupine.Event) [][]porcupine.Event {
		byKey, keyOf := map[string][]porcupine.Event{}, map[int]string{}
		for _, e := range events {
			if e.Kind == porcupine.CallEvent {
				keyOf[e.Id] = e.Value.(kvIn).key
			}
			byKey[keyOf[e.Id]] = append(byKey[keyOf[e.Id]], e)
		}
		var parts [][]porcupine.Event
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		s, in := state.(string), input.(kvIn)
		switch in.op {
		case 0:
			return output.(string) == s, s
		case 1:
			return true, in.value
		}
		return true, s + in.value
	},
}

var etcdLine = regexp.MustCompile(`^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.*)$`)
var kvLine = regexp.MustCompile(`{:process (\d+), :type :(invoke|ok|fail|info), :f :(get|put|append), :key "(.*)", :value (nil|"(.*)")}`)

func number(text string) int { n, _ := strconv.Atoi(strings.Trim(text, "[]")); return n }

func events(path, kind string) []porcupine.Event {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	var made []porcupine.Event
	open, next := map[string]int{}, 0
	scan := bufio.NewScanner(file)
	scan.Buffer(nil, 1<<26)
	for scan.Scan() {
		line := scan.Text()
		var m []string
		if kind == "etcd" {
			m = etcdLine.FindStringSubmatch(line)
		} else {
			m = kvLine.FindStringSubmatch(line)
		}
		if m == nil {
			continue
		}
		process := m[1]
		if m[2] == "invoke" {
			var in any
			if kind == "kv" {
				in = kvIn{map[string]int{"get": 0, "put": 1, "append": 2}[m[3]], m[4], m[6]}
			} else {
				parts := strings.Fields(m[4])
				switch m[3] {
				case "read":
					in = etcdIn{op: 0}
				case "write":
					in = etcdIn{op: 1, a: number(parts[0])}
				default:
					in = etcdIn{op: 2, a: number(parts[0]), b: number(parts[1])}
				}
			}
			made = append(made, porcupine.Event{Kind: porcupine.CallEvent, Value: in, Id: next})
			open[process] = next
			next++
			continue
		}
		id := open[process]
		var out any
		switch {
		case kind == "kv":
			out = m[6]
		case m[2] == "ok":
			o := etcdOut{ok: true}
			if m[3] == "read" {
				o.exists = !strings.HasPrefix(m[4], "nil")
				o.value = number(strings.TrimSpace(m[4]))
			}
			out = o
		case m[2] == "fail" && m[3] == "cas" && strings.HasPrefix(m[4], "["):
			out = etcdOut{}
		case m[2] == "fail" && m[3] == "read":
			out = etcdOut{unknown: true}
		default:
			continue // returns at the end, unknown
		}
		delete(open, process)
		made = append(made, porcupine.Event{Kind: porcupine.ReturnEvent, Value: out, Id: id})
	}
	for _, id := range open {
		made = append(made, porcupine.Event{Kind: porcupine.ReturnEvent, Value: etcdOut{unknown: true}, Id: id})
	}
	return made
}

func main() {
	model := etcd
	if os.Args[1] == "kv" {
		model = kv
	}
	for _, path := range os.Args[2:] {
		read := events(path, os.Args[1])
		began := time.Now()
		result := porcupine.CheckEventsTimeout(model, read, limit)
		fmt.Printf("%.6f %s %s\n", time.Since(began).Seconds(), result, path)
	}
}
