"""What people say on the phone, by the family of models/phrases/en/technique.toml that
should hear it, and what sounds alike and is something else.

Made up, and written before the phrases. The phrases were tuned on every other line of
HEARD (the first, the third …); the rest stayed unseen until the figures were taken.
"""

from __future__ import annotations

HEARD = {
    "says_back": """
So if I've got this right, the washing machine stopped in the middle of a cycle.
Let me just make sure I understand, you paid on the first and it was taken again on the fifth.
Okay, so what you're telling me is that the engineer never came.
Just so I'm clear, the parcel was left with a neighbour you don't know.
So just to recap, you changed the plan in March and the bill went up.
Let me repeat that back to you to make sure I have it right.
So to summarise, there were two charges and neither of them was yours.
What I'm hearing is that nobody told you about the cancellation fee.
So the problem is that the app logs you out every time, is that correct?
You're saying that the heating has been off since Sunday, right?
Right, so you've had no hot water for two days now, have I got that right?
If I'm following you correctly, your booking was moved without asking you.
To make sure I've understood, the first driver went to the wrong house.
So basically the refund never showed up on your card, is that right?
So you ordered the blue one and you got a red one instead, did I get that right?
Can I just check I've understood, it is the upstairs phone that's dead?
""",
    "not_mine": """
That's not my department, I'm afraid.
You'd have to take that up with the courier.
I don't deal with that, that's billing.
Well that's something the other team handles.
That's our policy, there's nothing I can do about it.
It's just company policy.
I only take the calls, I can't see any of that.
They're the ones who make those decisions, not me.
The system won't let me do that.
It's out of my hands.
That would be the warehouse, it's nothing to do with us.
You need to call the manufacturer about that.
I don't make the rules.
That's up to head office, not up to me.
You'll have to speak to the shop where you bought it.
It wasn't me who spoke to you last time.
Our terms and conditions say that we don't have to.
That's not something I can control.
""",
    "owned": """
I'll take care of this for you myself.
That's on us and I'm going to put it right.
I'm going to stay on this until it's fixed.
You've come to the right person, I'll sort it out.
I take full responsibility for that.
That was our mistake, plain and simple.
Leave it with me, I'll see it through.
I'm going to make sure that doesn't happen again.
I'll personally follow up with the warehouse today.
Let me handle that for you right now.
We got that wrong and I'll fix it.
I own this now, so you won't have to explain it again.
I'll be your point of contact from here on.
I'll chase that up for you this afternoon.
I will get to the bottom of this.
My name's on this now, so you can ask for me.
""",
    "excuse": """
That's because we're really short staffed at the moment.
It's because of the bank holiday, everything's delayed.
The reason it happened is that the system was down on Monday.
We've been very busy lately.
We've had a lot of calls today, that's why you waited.
Well, our computers were down all morning.
It was probably the courier's fault.
You should have read the terms and conditions.
That must have been the last agent's mistake.
You must have typed it in wrong.
They should have told you that when you signed up.
It's only because you didn't update your address.
Everyone's been affected, it's the weather.
We had some technical problems last week, that's why.
There was a glitch in the new system.
Due to the high volume of orders we are running behind.
My colleague probably forgot to put it in.
That happens sometimes with the old routers.
""",
    "apology": """
I'm really sorry that it arrived broken.
I do apologise for the mix-up with your order.
Sorry about that, that shouldn't have happened.
I'm so sorry you've been charged twice.
My apologies for the delay on this.
We're very sorry for the mistake on our side.
I am sorry to hear your phone has stopped working.
I want to apologise for what happened with the delivery.
Please accept our apologies for the inconvenience this has caused.
Oh no, I'm sorry about your washing machine.
I'm terribly sorry for the wrong item.
I owe you an apology for that.
I'm sorry we let you down like that.
That's our mistake, and I'm sorry.
Apologies again that nobody turned up on Tuesday.
""",
    "closing": """
Is there anything else I can help you with today?
Alright then, have a lovely day.
Well, if there's nothing else, I'll let you go.
Anything else I can do for you?
Have a good rest of your day, goodbye.
Okay then, bye bye.
Was there anything else?
You have a good evening now.
Take care, bye.
Enjoy your weekend.
So that's everything from my side.
Is that everything for today?
Right, that's all I need from you then.
Anything else you need from me today?
All the best, bye now.
""",
    "gratitude": """
Thank you for calling and letting us know.
Thanks for bringing this to our attention.
I really appreciate you taking the time to explain that.
Thank you for being so patient with me.
Thanks for holding, and for your patience.
Thank you for your feedback, I'll pass it on.
We appreciate your business.
Thank you so much for calling today.
Thanks for ringing in about that.
I'm grateful that you told us.
Thank you for raising it with us.
Thanks for your time today, Maria.
I'm glad you told me about this.
Thank you for giving us the chance to put it right.
""",
    "rephrases": """
In other words, you pay a bit less each month.
What that means is the line to your house is fine.
Sorry, let me put that more simply.
Basically it's the box on the wall.
That just means we check it's really you.
Let me explain that a different way.
To put it simply, the money comes back in two parts.
It's a bit like a spare key for your account.
By that I mean the little card in the back of the phone.
So in plain English, it's the date when the contract ends.
Think of it as a waiting list.
That's just a fancy word for the monthly fee.
What I mean is the first part you pay yourself.
It simply means that we hold the money for you.
""",
    "against_them": """
You need to calm down.
Sir, you have to let me speak.
As I've already told you, it takes five days.
There's no need to shout at me.
You're not listening to what I'm saying.
Like I said, it can't be done today.
Please don't raise your voice with me.
You should have called us before.
You have to understand that we have rules.
With all due respect, you signed the contract.
I just told you that.
You didn't give us the right address.
If you'd just let me finish.
That's your problem, not ours.
Ma'am, calm down, please.
You must have done something wrong.
I'm not going to argue with you.
What do you expect me to do about it?
""",
    "on_their_side": """
We'll get this sorted together.
I'm on it right now.
Let's see what we can do.
I'm here to help you with this.
I want to get this fixed for you as much as you do.
Let's work through this together, step by step.
We're in this together.
I'm on your side here.
I'll stay on the line with you.
Let's figure this out.
I'm going to do everything I can for you.
I won't leave you alone with this.
Let us find a way to make this work.
You and I will get there.
I'm looking into it for you as we speak.
""",
    "hold_coming": """
I'm going to have to put you on hold for a few minutes.
Can you hold on for me, this could take a while.
I'll need to place you on a brief hold.
Would you mind holding while I check with the warehouse?
This may take some time, please stay on the line.
Do you mind if I put you on hold?
I need to pop you on hold while I speak to my colleague.
Please hold the line.
It's going to take me five or ten minutes to go through this.
Let me put you on hold for a second.
Just bear with me, it might be a while.
Can I put you on a short hold?
""",
    "refusal": """
I'm afraid I can't do that.
Unfortunately that's not possible.
We don't offer refunds after thirty days.
No, I'm sorry, we can't send it before Monday.
There's nothing I can do about that.
I'm not able to change the date for you.
Unfortunately we're unable to waive the fee.
That's not something we can do.
I can't give you that information.
We won't be able to make an exception.
I'm sorry but I'm not allowed to do that.
It's too late to cancel it now.
You're not eligible for the upgrade.
The answer is no, I'm afraid.
We no longer do that.
That isn't covered by your insurance.
You can't get a refund on that one.
It doesn't qualify for a replacement, sorry.
""",
    "alternative": """
But what I can do is send you a new one today.
What I could do is take the fee off.
I can offer you a voucher instead.
However, we could move it to the evening.
How about I book you in for Thursday morning?
Would it help if I extended the date?
Alternatively you can pick it up at the shop.
The best I can do is half of it back.
I can, however, put you on the waiting list.
Another thing we could try is a different card.
But I could ask my manager to look at it.
What about a partial refund?
Instead, I'd suggest we swap it.
There is one thing I can do for you, though.
We do have another one in the store near you.
I'm happy to send it by express, though.
""",
    "options": """
You've got two options here.
We can either replace it or give you your money back.
You could go for the monthly plan, or there's the yearly one.
Would you rather have a refund or a new one?
There are a couple of things we can do.
What would you prefer, a call or an email?
One option would be to cancel it, another would be to pause it.
I can offer you three different dates.
You can choose between the two.
Let me give you some choices.
Would Tuesday or Thursday suit you better?
Either we send somebody out or you bring it in.
It's up to you, we can do it now or tomorrow.
Which would work better for you?
Do you want us to repair it or to replace it?
""",
    "time_given": """
I'll call you back by Friday at noon.
You'll have it within five working days.
It will be with you by the end of the week.
The engineer will be there tomorrow between eight and twelve.
I'll send you the email in the next ten minutes.
You should see the money in three to five days.
Somebody will ring you before six tonight.
It'll be done by the end of today.
I will check it again first thing in the morning.
That takes up to forty-eight hours.
Expect it on the third of March.
I'm going to ring you on Tuesday.
You will get a text in about an hour.
It takes about two weeks to come through.
By close of business today you'll have an answer.
""",
    "vague_promise": """
Somebody will get back to you.
We'll look into it.
I'll pass that on to the team.
We'll be in touch.
They'll call you as soon as possible.
Someone from the other department will contact you.
I'll see what I can do.
You should hear from us soon.
I've made a note of it.
We'll let you know.
They will get in touch with you at some point.
I'll forward it to the right people.
We will try to get it done as soon as we can.
You'll get it sometime in the next while.
Someone's going to give you a ring.
""",
    "resolved": """
That's all done for you now.
I've just refunded it, so it's back on your card.
Okay, I've changed that for you.
It's been cancelled, so there's nothing more to pay.
That should be working again now.
Alright, you're all set.
I've taken that charge off your account.
I've gone ahead and booked it for you.
There we go, it's fixed.
Your new card is on its way.
I have updated your address.
The payment has gone through now.
I've sent you the link just now.
That is sorted for you.
""",
    "defensive": """
That's not true.
That's not what I said.
I never said that.
No, that's not what happened.
Well, actually, it says here that you agreed to it.
Our records show you were told.
We didn't do anything wrong.
That's not our fault.
But you signed for it.
It's not my fault that the parcel is late.
I'm just doing my job.
I didn't say anything like that.
No, we did send it.
According to my notes you were called twice.
You were told about that when you joined.
But I've already explained that to you.
That's simply not correct.
""",
    "agreement": """
You're absolutely right about that.
That's a fair point.
I agree with you, that's too long.
You've got a point there.
I can't argue with that.
Yes, you're right, it should have been checked.
I'd feel the same in your shoes.
True, two weeks is too long.
I see your point.
That makes sense.
You are right to be annoyed.
I hear what you're saying and I agree.
No, you're quite right, we should have called.
Fair enough, that isn't good.
I completely agree.
""",
    "instructs": """
Right, have you got the settings open?
I want you to press the green button.
Can you go to the website and log in?
You need to fill in the form online.
Have you tried turning it off and on again?
You can fill in the return form on the internet.
Do you have the receipt?
Okay, first thing, unplug the cable from the back.
I'll need you to take a picture of it.
What you have to do is reset the password.
Then please send it another time.
Could you open the app for me?
Just click on the link in the email.
Did you check the fuse?
If you go into the menu and choose account.
What's the order number?
""",
    "trouble_told": """
The signal keeps dropping out in the bedroom.
It isn't working the way it used to.
My sister says the money hasn't turned up.
There's a weird nine pounds on the bill.
Something's gone wrong with my booking.
The heating just won't come on.
I can't get into my account any more.
The screen's gone completely black.
It's making a horrible noise.
The radiators have been stone cold since lunch.
They've put the wrong name on it.
The payment was refused in the shop.
My card doesn't work abroad.
I've got no hot water.
The total is higher than it should be.
It says there's an error every time I try.
""",
    "who_will": """
So who's going to fix this?
Who is going to sort this out for me?
Is anybody going to take responsibility for this?
Whose job is it then?
Somebody has to take responsibility.
So who do I talk to about it?
Who's actually responsible for this?
Who will pay for the damage?
And who's dealing with that?
Can't somebody just take care of it?
What is your company going to do about it?
Which one of you is going to help me?
So who's in charge of getting that done?
Nobody wants to be responsible.
Whose fault is it then?
""",
    "fault_told": """
It came with a big crack in the screen.
I've been charged twice for the same thing.
You sent me the wrong size.
The kettle stopped working after two days.
The parcel never arrived.
You've overcharged me by forty pounds.
The technician didn't turn up on Monday.
When I opened the box, half of it was missing.
My internet has been down since yesterday.
You took the money out of my account twice.
The chair arrived damaged.
My order was cancelled and nobody told me.
The fridge you delivered is faulty.
I was billed for something I never ordered.
The engineer never showed up.
It's leaking all over the floor and it's brand new.
They delivered somebody else's order.
You got my name wrong on the ticket.
""",
    "confused": """
Sorry, what does that mean?
I don't understand what that is.
What's a routing number?
You've lost me there.
Can you say that in plain English?
I'm not very technical, I'm sorry.
I have no idea what you just said.
What do you mean by that?
I'm not sure what you mean.
Hang on, what is an APR?
That's all Greek to me.
I don't know what any of that means.
Wait, I'm confused now.
I've never heard of that, what is it?
You're going too technical for me.
Could you explain that to me like I'm five?
I don't follow.
""",
    "protest": """
But I need it today.
So that's it then?
So there's nothing you can do?
Oh come on.
That's no good to me.
What am I supposed to do now?
So what do you expect me to do?
But that's not fair.
Are you serious?
Well that doesn't help me.
Why not?
There must be something you can do.
So you're just going to leave me like this?
But I've paid for it.
You can't be serious.
And what good is that to me?
""",
    "asks_options": """
So what are my options?
What can you do for me?
Is there anything you can do?
What else could we try?
Is there another way to do this?
What happens now?
So what do we do now?
What would you suggest?
Could I get something else instead?
What are the alternatives?
How can we solve this?
Can't we find some other solution?
What can we do about it?
Have I got any other choice?
""",
    "gives_feedback": """
I just wanted to let you know that your website is confusing.
I'd like to make a complaint.
I think you should know that the driver was smoking.
I want to give you some feedback about the shop.
I have a complaint about the last visit.
I'm calling to complain about the noise.
I thought somebody should tell you about it.
I wanted to report a problem with the lift.
You might want to look at that for other customers.
I'm ringing to let you know the gate is broken.
I'd like to raise an issue with the way I was treated.
I need to complain about my bill.
""",
    "wraps_up": """
No, that's all, thanks.
Okay, bye then.
No, that was everything.
Right, I'll leave it there.
That's it, thank you.
I think that's all I needed.
Alright, goodbye.
No, nothing else.
Okay, well, I guess I'll wait then.
Have a good day.
I have to go now.
That will be all.
""",
}

ELSE = {
    "says_back": """
So you can just sign it and send it back.
Just to let you know, this call is recorded.
Can I just check your postcode?
Right, so you need to press the green button.
Is that right, it's spelt with a y?
""",
    "not_mine": """
I'll put you through to the right department.
Our returns policy gives you thirty days.
I'm the one who handles this for you.
What's your policy number?
Would you like to call us or write to us?
Let me have a look at the system for you.
Is it your insurance policy that you're calling about?
""",
    "owned": """
I'll need your account number for that.
I'll be with you in a minute.
It's not our mistake.
Could you sort out the papers and send them?
I'll have to ask somebody about this.
""",
    "excuse": """
I ask because I need it for the form.
The reason I'm calling is your renewal.
You should have received an email by now.
Are you busy right now?
You should have your number on the card.
That's why I would like to send you a new one.
We are open on the bank holiday as well.
""",
    "apology": """
Sorry, could you say that again?
I'm sorry, I didn't catch your name.
Sorry to interrupt, but I need that number.
I'm sorry but that's our policy.
Sorry, what was the street?
I'm sorry, I can't do that.
""",
    "closing": """
Is there anything else on the bill you don't recognise?
Have you tried anything else?
We take care of all the paperwork.
Good morning, how can I help you today?
Did the day suit you?
""",
    "gratitude": """
Thank you. And your postcode?
Thanks, let me check.
No thank you, I don't need it.
I'd appreciate it if you stopped shouting.
""",
    "rephrases": """
Let me explain how the returns work.
Is it a simple phone or a smart phone?
What do you mean?
That means you pay forty pounds.
What does the light look like?
""",
    "against_them": """
You should have a number on the back of the card.
You need to press the green button.
Let me calm your worries about that.
You have to sign it at the bottom.
Are you listening on the speaker?
You should have it by Monday.
As you said, it was on Monday.
""",
    "on_their_side": """
It comes together with the cable.
Let's see, what's your postcode?
Is the light on it green?
I'm on the third page now.
They live together with you?
""",
    "hold_coming": """
Thank you for holding.
Do you hold any other accounts with us?
Hold the button down for five seconds.
Is your account on hold?
We can hold the parcel for you.
How long were you on hold?
""",
    "refusal": """
Can't you see it on the screen?
I can do that for you.
No problem at all.
I can't see any problem with your account.
We can't wait to see you.
I can't imagine how hard that was.
If you can't find it, call us.
It isn't a problem at all.
I can not believe that happened to you.
No, that's fine.
""",
    "alternative": """
What can I do for you today?
How about the weather over there?
What about your postcode?
Can I offer you my name?
How can I help?
""",
    "options": """
Press one or two on your phone.
Is that a yes or a no?
Do you have two accounts with us?
Would you like anything else?
It was two or three days ago.
""",
    "time_given": """
When did you buy it?
You called us on Tuesday.
The charge is from the third of March.
Have you had it for two weeks?
It was delivered yesterday.
What's a good day for you?
""",
    "vague_promise": """
I'll get back to the first page.
Can you look into the box?
I passed the note to you already.
Who contacted you?
Let me know your postcode.
""",
    "resolved": """
Is it all set to green?
Have you cancelled it?
I've got your account here.
It will be done.
Has the payment gone through?
""",
    "defensive": """
Is it true that you moved?
That's not a problem.
That's not what you want, I see.
It's not your fault at all.
I said we could do that.
But you can have it tomorrow.
Our records show your address as Park Street.
""",
    "agreement": """
Do you agree to the terms?
Is that right?
Turn it to the right.
You're right next to the shop.
Does that make sense?
All right, let me look.
""",
    "instructs": """
How can I help you today?
Have you had a good day?
I've got your settings here, thank you.
You don't need to do anything.
""",
    "trouble_told": """
It works fine, thank you.
I'd like to book a room.
No problem with that at all.
I can't wait to see it.
My sister has a new phone.
""",
    "who_will": """
Who is the letter from?
Who do I make the cheque out to?
My husband is going to fix it.
Who am I speaking to?
I'm responsible for the accounts.
""",
    "fault_told": """
I'd like to change my address.
I charged the phone twice and it's fine.
I broke it myself, sorry.
I've got the right size this time.
It arrived this morning, thanks.
I'm missing my glasses, one second.
My order hasn't arrived yet but it's only been a day.
Can I be charged later?
The shop was down the road.
""",
    "confused": """
What does it cost?
You know what I mean?
Oh I see what you mean.
What's a good time to call?
I understand what that is now.
I don't know what else you need.
What's a nice colour?
What is a first class ticket to London?
""",
    "protest": """
That's fine, thanks.
But I don't mind waiting.
I need a new one.
So that's it, thank you so much.
But thanks anyway.
Why not, let's do that.
""",
    "asks_options": """
What can you see on your screen?
I have the option to pay later.
What happens if I press it?
What do you do for work?
Could I get a receipt?
""",
    "gives_feedback": """
I want to change my plan.
Let me know when it's there.
I'd like to report a change of address.
I have no complaints at all.
I can't complain.
""",
    "wraps_up": """
That's all I ever asked for.
Is that everything you have?
I'll buy one then.
That's it, turn it to the left.
""",
}

LATER = {
    "not_mine": """
Ma'am, shipping is a whole separate company.
I'm afraid we're only the agents here, the airline sets that.
You'd want to reach out to your landlord for that one.
Nothing I can do from this end, it's all automated.
Corporate came up with that rule, not us.
That's handled by our partner over in Ireland.
I just book the appointments.
It says in the guidelines we can't touch it.
We don't have anything to do with the installation.
You'd be better off asking the garage.
That decision was taken way above me.
Refunds are done by a different office, I can't touch them.
""",
    "blames": """
Well, somebody on your side must have signed for it.
You ought to have rung before the weekend.
The last person you spoke to gave you the wrong information.
If you'd read the email you would have known.
It was the driver who messed that up.
That's what happens when you don't update the app.
You clicked the wrong box, sir.
They never passed your message on to us.
It looks like you gave us the wrong postcode.
My colleague shouldn't have promised that.
Your bank must have blocked it.
Well you did wait three weeks before you called.
""",
    "excuse": """
It's crazy here today, everyone's calling in.
We're down three people this week.
There's been a backlog since the storm.
The reason is the new software.
Our lines have been jammed all morning.
We had an outage on Sunday.
It's always like this in December.
We're waiting on a part from the supplier.
The thing is, we're very understaffed right now.
It's been nonstop since the weekend.
That was down to the bad weather.
Our system's been playing up since this morning.
""",
    "refusal": """
No can do, I'm afraid.
That's simply not on the table.
We don't price match.
I wish I could, but my hands are tied.
There's no way for me to reopen it.
You've missed the window for that.
It won't let us refund a gift card.
I have to decline that request.
I'm sorry, we're not able to deliver on Sundays.
I can't just take that off your bill.
We only do exchanges, not refunds.
Unfortunately it's sold out.
""",
    "alternative": """
Let me see if I can get you a credit at least.
What if we moved it to Friday?
I could throw in free shipping.
You're welcome to try the other branch.
Maybe we can split it into two payments.
Here's what I can do for you.
I do have a later flight with seats on it.
Would a store credit work?
I can pop you on the list for the next one, though.
If you like, I can send it by courier instead.
One thing that might work is a new cable.
We might be able to do ten percent off.
""",
    "talks_down": """
Okay, you don't have to take that tone with me.
Could you please stop shouting?
Sir, let me finish.
You're being unreasonable.
I need you to relax.
Are you even listening to me?
That attitude isn't going to help you.
Well that's hardly my problem, is it?
There's really no reason to yell.
If you calm down, I can explain.
Mind your language, please.
What do you want me to do about it?
""",
    "defensive": """
Nobody told you that, I can promise you.
I was perfectly polite with you.
We sent you three letters about it.
No, you're mistaken there.
I've done nothing but try to help you.
That is not how it works.
It's in black and white in your contract.
We have never had a complaint about that before.
That can't be right, we always call first.
I did tell you that at the start.
It isn't our fault the post was late.
Our system says it was delivered.
""",
    "who_will": """
So whose desk does this land on?
Will anybody actually do something about it?
Who do I hold responsible?
I want to know who's going to pay for my ceiling.
Is there anyone there who'll own this?
Someone needs to step up here.
Who's picking up the bill for that?
So who's fixing it, you or them?
Which department is responsible for it?
Who's going to compensate me?
Can someone please take charge of this?
So is it you or the shop that sorts it out?
""",
    "fault_told": """
The zipper was busted right out of the box.
I got billed for two rooms and we had one.
Your guy scratched my floor.
I never got the confirmation, and now there's no booking.
The laptop is dead on arrival.
There was a hair in my food.
You shipped it to my old address.
My direct debit went out twice this month.
The handle came off the first time I used it.
You've billed me for last month again.
Half the order's missing.
Nobody came to pick it up.
""",
    "confused": """
Sorry, a what?
Could you run that by me again in normal words?
I'm lost.
What's that when it's at home?
You're talking over my head here.
Is that good or bad?
I don't speak computer.
What do those letters stand for?
What do you mean, prorated?
You've completely lost me.
I don't really get what that is.
I'm not following you.
""",
    "asks_options": """
Okay, so what's plan B?
Can you do anything about the price?
Where do we go from here?
What would you do if you were me?
Is a refund possible, or an exchange?
So how do we fix this?
Any way you could speed that up?
What choices do I have?
Is there nothing else we can try?
What are you able to offer me?
So what should I do now?
Can I swap it for something else?
""",
    "vague_promise": """
They should be in contact in due course.
We'll get that looked at.
Somebody from the team is going to reach out.
I'll put a ticket in for you.
It'll sort itself out in a few days or whenever.
I'll do my best to chase it.
You'll hear back once they've reviewed it.
I'll let the manager know.
We'll be in contact shortly.
I'll make sure somebody looks at it.
Leave it with us and we'll see.
They're going to get in touch with you.
""",
    "time_given": """
You'll have an answer before lunch.
Give me until Wednesday.
It ships tonight.
I'm calling them the minute we hang up.
Twenty four hours, tops.
He'll be at yours between two and four.
The credit shows up on your next bill, on the first.
I've put a reminder in for Monday morning to ring you.
You'll get it on Thursday.
I'll phone you back at ten.
It should be there by tomorrow night.
Within half an hour you'll get a text.
""",
    "gives_feedback": """
You should really fix the sign at the entrance, it's misleading.
I'm not happy with your shop in town and I want that noted.
I thought you'd want to know your form is broken.
Just flagging that the lift's been stuck again.
I've got a bit of feedback for you.
I'd like this passed on to whoever runs the place.
Somebody should look at your phone menu, it goes round in circles.
I want to put in a complaint.
I'd like to complain about your driver.
I wanted to tell you the card reader isn't working in your store.
It's more of a suggestion really.
I'm ringing to report a leak on our street.
""",
}
"""Written when the phrases were done, to say the same in yet other words: of the first eight of
each 21 % were heard. After the phrases had been widened for those, of the other four 38 %;
then they were widened again. So expect somebody else's words to be missed more often than not."""
