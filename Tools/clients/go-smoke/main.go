// A client nobody here wrote: Debian's Go ttRPC library against a server that holds the sample
// world. One line a check; exit code 0 when all hold.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/containerd/ttrpc"
	"github.com/gogo/protobuf/proto"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"promised.dev/health"
	promised "promised.dev/v1"
)

const maxFrame = 4 << 20

var failures int

func check(name string, err error) {
	if err != nil {
		failures++
		fmt.Printf("FAILED  %s: %v\n", name, err)
		return
	}
	fmt.Printf("ok      %s\n", name)
}

func expect(truth bool, format string, values ...interface{}) error {
	if truth {
		return nil
	}
	return fmt.Errorf(format, values...)
}

// columns packs keys one after another, with their lengths.
func columns(keys ...string) ([]byte, []uint32) {
	lengths := make([]uint32, len(keys))
	for i, key := range keys {
		lengths[i] = uint32(len(key))
	}
	return []byte(strings.Join(keys, "")), lengths
}

func within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	time.AfterFunc(d, cancel)
	return ctx
}

// details finds the ErrorInfo of a refusal.
func details(err error) (codes.Code, *promised.ErrorInfo) {
	refused := status.Convert(err)
	for _, detail := range refused.Proto().GetDetails() {
		if detail.GetTypeUrl() == "type.googleapis.com/promised.v1.ErrorInfo" {
			info := &promised.ErrorInfo{}
			if info.Unmarshal(detail.GetValue()) == nil {
				return refused.Code(), info
			}
		}
	}
	return refused.Code(), nil
}

func main() {
	connection, err := net.Dial("tcp", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(69)
	}
	client := ttrpc.NewClient(connection)
	defer client.Close()

	reads(client)
	holds(client)
	watches(client)
	refusals(client)
	boundaries(client)
	crowd(client)

	if failures > 0 {
		fmt.Printf("%d checks failed\n", failures)
		os.Exit(1)
	}
}

func reads(client *ttrpc.Client) {
	inventory := promised.NewInventoryClient(client)
	keys, lengths := columns("B0THREEFCS", "B0OVERSIZE")

	healthy, err := health.NewHealthClient(client).Check(within(10*time.Second), &health.HealthCheckRequest{})
	if err == nil {
		err = expect(healthy.Status == health.HealthCheckResponse_SERVING, "status %v", healthy.Status)
	}
	check("Health.Check", err)

	offer, err := promised.NewPromisesClient(client).Offer(within(10*time.Second), &promised.OfferRequest{
		ItemKeys: keys, ItemKeyLengths: lengths, Postcodes: []string{"98109"}, WithPath: true})
	if err == nil {
		err = expect(len(offer.Outcomes) == 2 && offer.Outcomes[0] == 0 &&
			offer.WindowToUnixS[0] > offer.OrderByUnixS[0] && offer.LegCounts[0] > 0, "%v", offer)
	}
	check("Promises.Offer", err)

	stock, err := inventory.Availability(within(10*time.Second), &promised.AvailabilityRequest{
		ItemKeys: keys, ItemKeyLengths: lengths})
	if err == nil {
		err = expect(len(stock.PositionCounts) == 2 && stock.PositionCounts[0] == 3, "%v", stock)
	}
	check("Inventory.Availability", err)

	inStock, err := inventory.InStock(within(10*time.Second), &promised.InStockRequest{
		ItemKeys: keys, ItemKeyLengths: lengths, HorizonDays: 14})
	if err == nil {
		err = expect(len(inStock.DemandMet) == 2 && inStock.DemandMet[0] > 0, "%v", inStock)
	}
	check("Inventory.InStock", err)

	headroom, err := promised.NewCapacityClient(client).Headroom(within(10*time.Second),
		&promised.HeadroomRequest{Sellers: []string{"cascade-goods"}, Item: "B0THREEFCS"})
	if err == nil {
		err = expect(len(headroom.HeadroomUnits) > 0 && headroom.HeadroomUnits[0] > 0, "%v", headroom)
	}
	check("Capacity.Headroom", err)
}

func holds(client *ttrpc.Client) {
	keys, lengths := columns("B0THREEFCS")
	service := promised.NewHoldsClient(client)
	request := &promised.HoldRequest{
		IdempotencyKey: fmt.Sprintf("go-%d", time.Now().UnixNano()), Owner: "go-smoke",
		Nodes: []string{"DFW7"}, ItemKeys: keys, ItemKeyLengths: lengths,
		NodeIndexes: []uint32{0}, Quantities: []uint64{2}}
	first, err := service.Hold(within(10*time.Second), request)
	check("Holds.Hold", err)
	if err != nil {
		return
	}
	again, err := service.Hold(within(10*time.Second), request)
	if err == nil {
		err = expect(again.HoldId == first.HoldId && again.RepeatedAnswer, "%v then %v", first, again)
	}
	check("Holds.Hold, the same key again", err)
	_, err = service.Release(within(10*time.Second), &promised.HoldChangeRequest{
		IdempotencyKey: request.IdempotencyKey + "-release", Owner: "go-smoke", HoldId: first.HoldId})
	check("Holds.Release", err)
}

// watches waits for a change by a poll, while the same connection serves other calls: a hold of
// another caller, say.
func watches(client *ttrpc.Client) {
	inventory := promised.NewInventoryClient(client)
	start, err := inventory.WatchPoll(within(10*time.Second), &promised.WatchPollRequest{})
	if err != nil {
		check("Inventory.WatchPoll", err)
		return
	}
	waiting := make(chan error)
	go func() {
		batch, err := inventory.WatchPoll(within(20*time.Second), &promised.WatchPollRequest{
			ItemPrefix: []byte("B0THREE"), FromPosition: start.Position, FromPart: start.Part,
			MaxWaitMs: 15000})
		if err == nil {
			err = expect(string(batch.ItemKeys) == "B0THREEFCS" && batch.Position > start.Position &&
				len(batch.OnHand) == 3 && batch.Held[0]+batch.Held[1]+batch.Held[2] > 0, "%v", batch)
		}
		waiting <- err
	}()
	time.Sleep(100 * time.Millisecond)
	keys, lengths := columns("B0THREEFCS")
	_, err = promised.NewHoldsClient(client).Hold(within(10*time.Second), &promised.HoldRequest{
		IdempotencyKey: fmt.Sprintf("go-watch-%d", time.Now().UnixNano()), Owner: "go-smoke",
		Nodes: []string{"DFW7"}, ItemKeys: keys, ItemKeyLengths: lengths,
		NodeIndexes: []uint32{0}, Quantities: []uint64{1}})
	check("Holds.Hold beside a poll", err)
	check("Inventory.WatchPoll", <-waiting)
}

func refusals(client *ttrpc.Client) {
	keys, lengths := columns("B0THREEFCS", "B0NOTTHERE")
	_, err := promised.NewHoldsClient(client).Hold(within(10*time.Second), &promised.HoldRequest{
		IdempotencyKey: fmt.Sprintf("go-unknown-%d", time.Now().UnixNano()), Owner: "go-smoke",
		Nodes: []string{"DFW7"}, ItemKeys: keys, ItemKeyLengths: lengths,
		NodeIndexes: []uint32{0, 0}, Quantities: []uint64{1, 1}})
	code, info := details(err)
	check("NOT_FOUND with details", expect(
		code == codes.NotFound && info != nil && info.Reason == "ITEM_UNKNOWN" &&
			info.Key == "B0NOTTHERE" && info.Row == 1 && !info.Retryable, "%v: %v", err, info))

	_, err = promised.NewMetaClient(client).Authenticate(within(10*time.Second), &promised.AuthenticateRequest{})
	code, _ = details(err)
	check("UNIMPLEMENTED for what is not built", expect(code == codes.Unimplemented, "%v", err))

	passed, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	_, err = promised.NewAdminClient(client).Ping(passed, &promised.PingRequest{})
	check("a deadline that has passed", expect(err != nil, "an answer after the deadline"))
	_, err = promised.NewAdminClient(client).Ping(within(10*time.Second), &promised.PingRequest{})
	check("the connection after it", err)

	ctx := ttrpc.WithMetadata(within(10*time.Second), ttrpc.MD{
		"x-trace": []string{"one", "two"}, "authorization": []string{"Bearer none"}})
	_, err = promised.NewAdminClient(client).Ping(ctx, &promised.PingRequest{})
	check("metadata", err)
}

// boundaries sends frames of exactly 4 MiB, which pass; a reply that would be larger is a status.
func boundaries(client *ttrpc.Client) {
	admin := promised.NewAdminClient(client)
	for _, size := range []int{1 << 20, maxFrame - 1024} {
		pong, err := admin.Ping(within(30*time.Second), &promised.PingRequest{Payload: make([]byte, size)})
		if err == nil {
			err = expect(len(pong.Payload) == size, "%d bytes came back", len(pong.Payload))
		}
		check(fmt.Sprintf("a ping of %d bytes", size), err)
	}
	// The request's envelope is longer than the answer's: find the payload that fills a frame.
	full := 0
	for size := maxFrame - 200; size < maxFrame; size++ {
		payload, _ := (&promised.PingRequest{Payload: make([]byte, size)}).Marshal()
		request := &ttrpc.Request{Service: "promised.v1.Admin", Method: "Ping", Payload: payload}
		if data, err := proto.Marshal(request); err == nil && len(data) <= maxFrame {
			full = size
		} else {
			break
		}
	}
	_, err := admin.Ping(context.Background(), &promised.PingRequest{Payload: make([]byte, full)})
	check(fmt.Sprintf("a request frame of %d bytes", maxFrame), err)
	_, err = admin.Ping(context.Background(), &promised.PingRequest{Payload: make([]byte, full+1)})
	code, _ := details(err)
	check("one byte more is a status", expect(code == codes.ResourceExhausted, "%v", err))
	_, err = admin.Ping(within(10*time.Second), &promised.PingRequest{})
	check("the connection after it", err)
}

// crowd asks from 64 goroutines over one connection.
func crowd(client *ttrpc.Client) {
	const callers, calls = 64, 200
	inventory := promised.NewInventoryClient(client)
	wrong := make(chan error, callers)
	var group sync.WaitGroup
	for caller := 0; caller < callers; caller++ {
		group.Add(1)
		go func(caller int) {
			defer group.Done()
			keys, lengths := columns([]string{"B0THREEFCS", "B0OVERSIZE", "B0LASTUNIT"}[caller%3])
			positions := []uint32{3, 2, 1}[caller%3]
			for call := 0; call < calls; call++ {
				stock, err := inventory.Availability(within(30*time.Second),
					&promised.AvailabilityRequest{ItemKeys: keys, ItemKeyLengths: lengths})
				if err == nil {
					err = expect(len(stock.PositionCounts) == 1 && stock.PositionCounts[0] == positions,
						"caller %d was answered %v", caller, stock)
				}
				if err != nil {
					wrong <- err
					return
				}
			}
		}(caller)
	}
	group.Wait()
	close(wrong)
	check(fmt.Sprintf("%d callers, %d answers", callers, callers*calls), <-wrong)
}
